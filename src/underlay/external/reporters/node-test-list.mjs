// Loads test files for the specs in them; none of these runs.
//
// node-test-list.mjs [--alone] FILES...
import {spawnSync} from 'node:child_process';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const require = createRequire(import.meta.url);
const {emit, failure} = require('./protocol.cjs');
const {load} = require('./node-test-hook.cjs');

// As Node does with a file that it is started with: what import() does not know, require() may.
async function read(file) {
  try {
    await import(pathToFileURL(file));
  } catch (error) {
    if (error.code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    require(file);
  }
}

const args = process.argv.slice(2);
const isAlone = args[0] === '--alone';
const files = isAlone ? args.slice(1) : args;

// The status that says that a file was listed, whatever there was to tell of it.
const LISTED = 93;

// Node runs each file in a process of its own: what others have changed may be what keeps it from loading.
function isListedAlone(file) {
  if (files.length === 1) return false;
  const again = [...process.execArgv, fileURLToPath(import.meta.url), '--alone', file];
  return spawnSync(process.execPath, again, {stdio: 'inherit'}).status === LISTED;
}

for (const name of files) {
  const file = path.resolve(name);
  try {
    const {specs} = await load(file, () => read(file));
    emit('plan', {specs});
    if (!specs.length) emit('problem', {where: file, message: 'It declares no specs.', stack: ''});
  } catch (error) {
    if (!isListedAlone(file)) emit('problem', {where: file, ...failure(error)});
  }
}
if (isAlone) process.exit(LISTED);
emit('end', {status: 0});
process.exit(0);
