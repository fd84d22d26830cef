// Loads test files for the specs in them; none of these runs.
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const require = createRequire(import.meta.url);
const {emit, failure} = require('./protocol.cjs');
const {load} = require('./node-test-hook.cjs');

for (const name of process.argv.slice(2)) {
  const file = path.resolve(name);
  try {
    const {specs} = await load(file, () => import(pathToFileURL(file)));
    emit('plan', {specs});
    if (!specs.length) emit('problem', {where: file, message: 'It declares no specs.', stack: ''});
  } catch (error) {
    emit('problem', {where: file, ...failure(error)});
  }
}
emit('end', {status: 0});
process.exit(0);
