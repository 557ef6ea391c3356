"""A receiver of webhooks for a test: webhook_server.py FOLDER [tls]

Writes the port it listens on to FOLDER/port, each request to FOLDER/post.N (one line of JSON with path, headers and
body), and ends when its standard input does. The path says what it does: /ok; /fails answers 500, /refuses 400,
/moved sends to /ok; /once-N answers 500 to the first request with that path; /hangs never answers; /floods answers
without end."""
import http.server
import json
import os
import ssl
import sys
import threading

folder = sys.argv[1]
seen = set()
count = 0
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def keep(self, body):
        global count
        facts = {"path": self.path, "headers": dict(self.headers), "body": json.loads(body)}
        with lock:
            with open(f"{folder}/.post", "w") as out:
                json.dump(facts, out)
            os.rename(f"{folder}/.post", f"{folder}/post.{count}")
            count += 1

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.keep(body)
        is_new = self.path not in seen
        seen.add(self.path)
        if self.path == "/hangs":
            threading.Event().wait()
        elif self.path == "/floods":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 65536)
        elif self.path == "/fails" or self.path.startswith("/once-") and is_new:
            self.answer(500)
        elif self.path == "/refuses":
            self.answer(400)
        elif self.path == "/moved":
            self.answer(307, Location="/ok")
        else:
            self.answer(204)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *arguments: None  # who leaves early is no error here
if "tls" in sys.argv[2:]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(f"{folder}/.port", "w") as out:
    out.write(f"{server.server_port}\n")
os.rename(f"{folder}/.port", f"{folder}/port")
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
