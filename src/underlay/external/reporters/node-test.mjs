// Runs test files for Node's own test runner, each in a process of its own as Node does it, but one
// after the other; seen to work with Node 20 and 24: https://nodejs.org/api/test.html
//
// node-test.mjs [OPTIONS OF NODE] FILES...
import {spawn} from 'node:child_process';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const require = createRequire(import.meta.url);
const {emit, givenSelection, verdicts, finish, fileOf, endAs} = require('./protocol.cjs');

const path = name => fileURLToPath(new URL(name, import.meta.url));

const args = process.argv.slice(2);
const options = [...args.filter(each => each.startsWith('-')), '--require', path('node-test-hook.cjs')];
const files = args.filter(each => !each.startsWith('-'));

function start(...args) {
  const child = spawn(process.execPath, [...options, ...args], {stdio: 'inherit'});
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve({status, signal}));
  });
}

// A process that ends early ends this one in the same way, so that its spec can be blamed.
async function run(file) {
  const reporter = new URL('node-test-reporter.mjs', import.meta.url).href;
  const exit = await start(`--test-reporter=${reporter}`, '--test-reporter-destination=stderr', file);
  const told = verdicts();
  const theirs = [...givenSelection()].filter(id => fileOf(id) === file);
  if (!theirs.every(id => told.has(id))) return exit;
  const failed = theirs.some(id => ['failed', 'error'].includes(told.get(id)));
  if (exit.status !== (failed ? 1 : 0)) {
    const how = exit.signal ? `killed by ${exit.signal}` : `status ${exit.status}`;
    emit('problem', {where: file, message: `Its process ended after its last spec: ${how}`, stack: ''});
  }
  return null;
}

async function main() {
  if (!givenSelection()) return endAs(await start(path('node-test-list.mjs'), ...files));
  for (const file of files) {
    const early = await run(file);
    if (early) return endAs(early.signal || early.status ? early : {status: 0});
  }
  finish(0);
}

await main();
