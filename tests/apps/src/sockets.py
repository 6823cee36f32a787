# SPDX-License-Identifier: MIT
# Servers and clients in one program: asyncio over TCP and UDP, a threaded HTTP server, TLS over a socket pair's worth of TCP.
import asyncio, hashlib, http.server, socket, threading, urllib.error, urllib.request


async def echo(reader, writer):
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()


async def client(port, n):
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    body = bytes(range(256)) * n
    writer.write(body)
    writer.write_eof()
    got = await reader.read()
    writer.close()
    return got == body


class Shout(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data.upper(), addr)


async def datagrams():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Shout, local_addr=('127.0.0.1', 0))
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setblocking(False)
    await loop.sock_connect(s, transport.get_extra_info('sockname'))
    await loop.sock_sendall(s, b'quiet')
    print(await loop.sock_recv(s, 100))
    transport.close()
    s.close()


async def streams():
    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    port = server.sockets[0].getsockname()[1]
    print(sum(await asyncio.gather(*(client(port, n) for n in range(1, 60)))))
    try:
        await asyncio.open_connection('127.0.0.1', 1)
    except OSError as e:
        print(e)
    server.close()
    await server.wait_closed()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def do_GET(self):
        body = self.path.encode() * 2000
        self.send_response(200 if self.path != '/none' else 404)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def web():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    base = 'http://127.0.0.1:%d' % server.server_port
    for path in '/a', '/some/longer/path':
        print(path, hashlib.sha256(urllib.request.urlopen(base + path).read()).hexdigest())
    try:
        urllib.request.urlopen(base + '/none')
    except urllib.error.HTTPError as e:
        print(e.code, len(e.read()))
    server.shutdown()
    server.server_close()


asyncio.run(streams())
asyncio.run(datagrams())
web()
