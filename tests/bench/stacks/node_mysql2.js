// Node.js with mysql2 and the redis package: as many workers as connections, each one command at a time.
const mysql = require('mysql2/promise');
const { createClient, commandOptions } = require('redis');
const { pack, unpack } = require('msgpackr');

const WORKERS = 32;
const kind = process.argv[2];

async function work(pool, redis) {
	for (;;) {
		const raw = await redis.blMove(commandOptions({ isolated: true, returnBuffers: true }), process.env.QUEUE,
			'stack:inflight', 'RIGHT', 'LEFT', 0);
		const command = unpack(raw);
		let row;
		if (kind === 'create') {
			const values = command.values;
			const [result] = await pool.execute('INSERT INTO animals (species, age, name) VALUES (?, ?, ?)',
				[values.species, values.age, values.name]);
			row = { id: result.insertId, ...values };
		} else {
			const [rows] = await pool.execute('SELECT id, species, age, name FROM animals WHERE id = ?', [command.pk]);
			row = rows[0];
		}
		await Promise.all([
			redis.publish(command.reply_to, pack({ v: 1, id: command.id, ok: true, row })),
			redis.lRem('stack:inflight', -1, raw),
		]);
	}
}

async function main() {
	const redis = createClient({
		url: `redis://127.0.0.1:${process.env.REDIS_PORT}`,
		isolationPoolOptions: { min: WORKERS, max: WORKERS },
	});
	await redis.connect();
	const pool = mysql.createPool({
		socketPath: process.env.DATABASE_SOCKET, user: 'root', database: process.env.DATABASE, connectionLimit: WORKERS,
	});
	await Promise.all(Array.from({ length: WORKERS }, () => work(pool, redis)));
}

main();
