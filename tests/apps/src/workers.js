// SPDX-License-Identifier: MIT
// Workers, timers, files, streams, crypto, processes and sockets of Node.js. Prints the same everywhere.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { pipeline } = require('stream/promises');
const child = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const zlib = require('zlib');

async function workers() {
	const sum = n => new Promise((resolve, reject) => {
		const w = new Worker(__filename, { workerData: n });
		w.on('message', resolve);
		w.on('error', reject);
	});
	console.log(await Promise.all([1, 2, 3, 4].map(sum)));
	const shared = new Int32Array(new SharedArrayBuffer(8));
	const waits = new Worker(
		`const a = require("worker_threads").workerData;
		Atomics.wait(a, 0, 0);
		Atomics.store(a, 1, 42);`, { eval: true, workerData: shared });
	waits.on('online', () => setTimeout(() => {
		Atomics.store(shared, 0, 1);
		Atomics.notify(shared, 0);
	}, 20));
	await new Promise(resolve => waits.on('exit', resolve));
	console.log(shared[1]);
}

async function files() {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uniload-'));
	const file = path.join(dir, 'file');
	await fs.promises.writeFile(file, 'x'.repeat(100000));
	console.log((await fs.promises.stat(file)).size);
	await pipeline(fs.createReadStream(file), zlib.createGzip(), fs.createWriteStream(file + '.gz'));
	console.log(zlib.gunzipSync(fs.readFileSync(file + '.gz')).length, fs.readdirSync(dir));
	const watcher = fs.watch(dir);
	const seen = new Promise(resolve => watcher.once('change', (event, name) => resolve(name)));
	fs.writeFileSync(path.join(dir, 'new'), 'y');
	console.log('saw', await seen);
	watcher.close();
	const server = net.createServer(s => s.on('data', b => s.end('echo ' + b)));
	await new Promise(resolve => server.listen(path.join(dir, 'socket'), resolve));
	let answer = '';
	const socket = net.connect(path.join(dir, 'socket'), () => socket.write('hello'));
	for await (const chunk of socket)
		answer += chunk;
	console.log(answer);
	server.close();
	fs.rmSync(dir, { recursive: true });
}

async function secrets() {
	console.log(crypto.createHash('sha256').update('uniload').digest('hex'));
	console.log(crypto.scryptSync('a', 'b', 16).toString('hex'));
	console.log(await new Promise((resolve, reject) => crypto.pbkdf2('a', 'b', 1000, 16, 'sha1',
		(err, key) => err ? reject(err) : resolve(key.toString('hex')))));
	const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519');
	const message = Buffer.from('m');
	console.log(crypto.verify(null, message, publicKey, crypto.sign(null, message, privateKey)));
}

async function processes() {
	console.log(child.execFileSync('/bin/busybox', ['echo', 'child']).toString().trim());
	console.log(child.spawnSync('/bin/busybox', ['sh', '-c', 'exit 5']).status);
	const cat = child.spawn('/bin/busybox', ['cat']);
	let text = '';
	cat.stdin.end('through cat');
	for await (const chunk of cat.stdout)
		text += chunk;
	console.log(text);
	const fork = child.fork(__filename, ['child']);
	fork.send(41);
	console.log(await new Promise(resolve => fork.on('message', resolve)));
	fork.disconnect();
}

async function main() {
	await workers();
	await files();
	await secrets();
	await processes();
	let fired = 0;
	const timer = ms => new Promise(resolve => setTimeout(() => resolve(fired++), ms));
	await Promise.all([30, 10, 20].map(timer));
	console.log(fired);
	const keep = setInterval(() => {}, 1000);
	process.on('SIGUSR2', () => {
		console.log('signal');
		process.exitCode = 6;
		clearInterval(keep);
	});
	process.kill(process.pid, 'SIGUSR2');
}

if (!isMainThread) {
	let sum = 0;
	for (let i = 0; i < 1e6; i++)
		sum = (sum + i * workerData) % 1000003;
	parentPort.postMessage(sum);
} else if (process.argv[2] === 'child') {
	process.on('message', m => process.send(m + 1));
} else {
	main();
}
