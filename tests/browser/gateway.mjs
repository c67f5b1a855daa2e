// Starts the real program as `cargo run` would, on free ports.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_MS = 20_000;
const STOP_MS = 5_000;
const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');

function binary() {
  const path = process.env.SIGNUP_GATEWAY_BINARY
    ?? resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target', 'debug/signup-gateway');
  if (!existsSync(path)) throw new Error(`${path} is missing: run cargo build first`);
  return path;
}

// Holds all ports at once, so that they differ; between release and use another process may take one.
async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((settle, fail) => {
    const server = createServer().once('error', fail).listen(0, '127.0.0.1', () => settle(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((settle) => server.close(settle))));
  return ports;
}

/// Nothing is configured but addresses, and what a test asks for.
export async function startGateway(variables = {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(variables);
    } catch (error) {
      if (attempt === 3 || !/cannot listen/.test(error.message)) throw error;
    }
  }
}

/// One gateway for each set of variables, started when it is first asked for.
export class Gateways {
  #started = new Map();

  told(variables) {
    const key = JSON.stringify(variables);
    if (!this.#started.has(key)) this.#started.set(key, startGateway(variables));
    return this.#started.get(key);
  }

  async stop() {
    await Promise.all([...this.#started.values()].map(async (started) => (await started).stop()));
  }
}

async function start(variables) {
  const [port, adminPort, sandboxPort] = await freePorts(3);
  const url = `http://localhost:${port}`;
  const admin = `http://127.0.0.1:${adminPort}`;
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SIGNUP'));
  const child = spawn(binary(), [], {
    cwd: ROOT,
    env: {
      ...Object.fromEntries(inherited),
      SIGNUP__SERVER__BIND: `127.0.0.1:${port}`,
      SIGNUP__SERVER__ADMIN_BIND: `127.0.0.1:${adminPort}`,
      SIGNUP__SERVER__PUBLIC_URL: url,
      SIGNUP__SANDBOX__BIND: `127.0.0.1:${sandboxPort}`,
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (text) => { log += text; });
  child.stderr.on('data', (text) => { log += text; });
  const ended = new Promise((settle) => child.once('exit', (code) => settle(code ?? 'a signal')));
  let exit;
  ended.then((code) => { exit = code; });

  const deadline = Date.now() + START_MS;
  while (!(await isReady(admin))) {
    if (exit !== undefined) throw new Error(`the gateway ended with ${exit}:\n${log}`);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the gateway is not ready after ${START_MS} ms:\n${log}`);
    }
    await pause(50);
  }
  return {
    url,
    admin,
    sandbox: `http://127.0.0.1:${sandboxPort}`,
    challengeScript: `http://127.0.0.1:${sandboxPort}/turnstile/v0/api.js`,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      const code = await Promise.race([ended, pause(STOP_MS, 'too slow', { ref: false })]);
      if (code !== 0) {
        child.kill('SIGKILL');
        throw new Error(`the gateway did not stop in good order: ${code}\n${log}`);
      }
    },
  };
}

async function isReady(admin) {
  try {
    return (await fetch(`${admin}/health/ready`)).ok;
  } catch {
    return false;
  }
}
