// Loads test files for the specs in them; none of these runs.
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

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

for (const name of process.argv.slice(2)) {
  const file = path.resolve(name);
  try {
    const {specs} = await load(file, () => read(file));
    emit('plan', {specs});
    if (!specs.length) emit('problem', {where: file, message: 'It declares no specs.', stack: ''});
  } catch (error) {
    emit('problem', {where: file, ...failure(error)});
  }
}
emit('end', {status: 0});
process.exit(0);
