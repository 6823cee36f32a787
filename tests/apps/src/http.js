// SPDX-License-Identifier: MIT
// An HTTP server and clients in one program, on a port of the system's choice; both families.
const http = require('http'), net = require('net');

const server = http.createServer((req, res) => {
	let n = 0;
	req.on('data', d => n += d.length);
	req.on('end', () => res.end(`${req.method} ${req.url} ${n}`));
});

function ask(port, method, path, body) {
	return new Promise((done, fail) => {
		const req = http.request({host: '127.0.0.1', port, method, path}, res => {
			let text = '';
			res.on('data', d => text += d);
			res.on('end', () => done(`${res.statusCode} ${text}`));
		});
		req.on('error', fail);
		req.end(body);
	});
}

server.listen(0, '::', async () => {
	const port = server.address().port;
	console.log(await ask(port, 'GET', '/first'));
	const all = [];
	for (let i = 0; i < 40; i++)
		all.push(ask(port, 'POST', '/' + i, 'x'.repeat(i * 5000)));
	for (const text of await Promise.all(all))
		console.log(text);
	const raw = net.connect(port, '::1', () => raw.end('nonsense\r\n\r\n'));
	raw.on('data', d => console.log(d.toString().split('\r\n')[0]));
	raw.on('close', () => server.close(() => console.log('closed')));
});
