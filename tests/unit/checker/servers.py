"""Servers for tests of checks, good and hostile, on loopback: servers.py FOLDER

Writes FOLDER/ports, a line NAME PORT each, and ends when its standard input does. With FOLDER/cert.pem and key.pem there
is TLS as well. What a client sent to `page` is added to FOLDER/requests."""
import asyncio
import gzip
import os
import socket
import ssl
import struct
import sys
import warnings

from aiosmtpd.smtp import SMTP

warnings.simplefilter("ignore")
folder = sys.argv[1]
page = b"hello, world\n"


async def head(reader):
    text = await reader.readuntil(b"\r\n\r\n")
    with open(f"{folder}/requests", "ab") as out:
        out.write(text)
    return text


async def serve_page(reader, writer):
    await head(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page)


def kept(name, answers, then):
    """Answers so many requests of a connection, then does `then`; says in FOLDER/name how many it answered so far."""
    async def serve(reader, writer):
        for number in range(1, answers + 1):
            await reader.readuntil(b"\r\n\r\n")
            with open(f"{folder}/{name}", "a") as out:
                out.write(f"{number} ")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
            await writer.drain()
        await then(reader, writer)
    return serve


async def close_on_request(reader, writer):
    await reader.readuntil(b"\r\n\r\n")


async def say_more(reader, writer):
    writer.write(b"HTTP/1.0 408 Too Late\r\n\r\n")
    await reader.read()


async def serve_until_close(reader, writer):
    await head(reader)
    writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + page)


async def serve_503(reader, writer):
    await head(reader)
    writer.write(b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n")


async def redirect(reader, writer):
    await head(reader)
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")


async def forever(writer, piece, pause=0.0):
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)


async def silent(reader, writer):
    await reader.read()


async def endless_header(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await forever(writer, b"X-More: and more and more\r\n" * 100)


async def endless_page(reader, writer):
    writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
    await forever(writer, b"x" * 65536)


async def bomb(reader, writer):
    """10 KiB that would be 10 MiB, for whoever unpacks it."""
    await head(reader)
    packed = gzip.compress(bytes(10 << 20))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


async def chunks(reader, writer):
    await head(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n")
    await forever(writer, b"x" * 65536)


async def continues(reader, writer):
    await forever(writer, b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


async def drip(reader, writer):
    await forever(writer, b"H", 0.02)


async def drip_page(reader, writer):
    writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
    await forever(writer, b"x", 0.02)


async def garbage(reader, writer):
    writer.write(bytes((i * 7919) & 255 for i in range(4096)))
    await reader.read()


async def close_at_once(reader, writer):
    pass


async def reset(reader, writer):
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def endless_smtp(reader, writer):
    await forever(writer, b"220-and on\r\n" * 100)


def guarded(serve):
    async def run(reader, writer):
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError, OSError):
            pass
        finally:
            writer.close()
    return run


class Dns(asyncio.DatagramProtocol):
    """Answers A questions for www.example.org, NXDOMAIN else; for `loop.` with a name that points to itself."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        name = data[12:data.index(0, 12) + 1]
        question = data[12:len(name) + 16]
        good = name == b"\3www\7example\3org\0"
        flags = 0x8180 if good or name == b"\4loop\0" else 0x8183
        answers = 1 if flags == 0x8180 else 0
        pointer = b"\xc0\x0c" if good else struct.pack("!H", 0xC000 | (12 + len(question)))
        record = pointer + struct.pack("!HHIH", 1, 1, 60, 4) + b"\xc0\0\2\1"
        header = data[:2] + struct.pack("!HHHHH", flags, 1, answers, 0, 0)
        self.transport.sendto(header + question + (record if answers else b""), address)


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Blank(asyncio.DatagramProtocol):
    """Answers with an empty datagram."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        with socket.fromfd(self.transport.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", address)  # the transport itself sends none


class Smtp:
    pass


async def main():
    loop = asyncio.get_running_loop()
    ports = {}
    plain = dict(page=serve_page, until_close=serve_until_close, unavailable=serve_503, redirect=redirect,
                 silent=silent, endless_header=endless_header, endless_page=endless_page, drip=drip,
                 drip_page=drip_page, garbage=garbage, closing=close_at_once, resetting=reset,
                 endless_smtp=endless_smtp, bomb=bomb, chunks=chunks, continues=continues)
    keeps = dict(kept=(100, close_at_once), kept_until_answered=(2, close_at_once), kept_until_asked=(2, close_on_request),
                 kept_until_silent=(2, silent), kept_until_late=(2, say_more))
    for name, how in keeps.items():
        plain[name] = kept(name, *how)
    for name, serve in plain.items():
        server = await asyncio.start_server(guarded(serve), "127.0.0.1", 0, backlog=1000)
        ports[name] = server.sockets[0].getsockname()[1]
    server = await loop.create_server(lambda: SMTP(Smtp()), "127.0.0.1", 0)
    ports["smtp"] = server.sockets[0].getsockname()[1]
    for name, protocol in dict(dns=Dns, echo=Echo, blank=Blank).items():
        transport, _ = await loop.create_datagram_endpoint(protocol, ("127.0.0.1", 0))
        ports[name] = transport.get_extra_info("sockname")[1]
    if os.path.exists(f"{folder}/cert.pem"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
        names = []
        context.sni_callback = lambda socket, name, context: names.append(name) or open(
            f"{folder}/names", "a").write(f"{name}\n") and None
        secret = dict(tls=serve_page, tls_drip=drip_page, tls_endless_header=endless_header,
                      tls_kept=kept("tls_kept", 3, close_at_once))
        for name, serve in secret.items():
            server = await asyncio.start_server(guarded(serve), "127.0.0.1", 0, ssl=context)
            ports[name] = server.sockets[0].getsockname()[1]
    with open(f"{folder}/.ports", "w") as out:
        out.writelines(f"{name} {port}\n" for name, port in ports.items())
    os.rename(f"{folder}/.ports", f"{folder}/ports")
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
