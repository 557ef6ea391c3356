"""A mail server for a test: mail_server.py FOLDER [starttls]

Writes the port it listens on to FOLDER/port, each mail to FOLDER/mail.N (one line of JSON with the envelope, then the
text), and ends when its standard input does. With starttls it demands TLS and the login user/secret."""
import asyncio
import json
import logging
import os
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
folder = sys.argv[1]
secure = "starttls" in sys.argv[2:]


class Handler:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 nobody of that name lives here"
        if address.startswith("later"):
            return "451 4.3.0 come back later"
        if address.startswith("breaks"):
            session.breaks = True
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if getattr(session, "breaks", False):
            server.transport.abort()
            return "250 OK"
        facts = {"helo": session.host_name, "from": envelope.mail_from, "to": envelope.rcpt_tos,
                 "tls": session.ssl is not None, "login": bool(session.authenticated)}
        temporary = f"{folder}/.mail"
        with open(temporary, "wb") as out:
            out.write(json.dumps(facts).encode() + b"\n" + envelope.original_content)
        os.rename(temporary, f"{folder}/mail.{Handler.count}")
        Handler.count += 1
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"user", b"secret"))


options = {}
if secure:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    options = dict(tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), **options), "127.0.0.1", 0)
    with open(f"{folder}/.port", "w") as out:
        out.write(f"{server.sockets[0].getsockname()[1]}\n")
    os.rename(f"{folder}/.port", f"{folder}/port")
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
