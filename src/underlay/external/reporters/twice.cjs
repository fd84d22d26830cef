// For runners that can't wait between listing specs and running them: starts the runner to list
// them, waits for the selection, and starts it again to run that.  If the selection is known from the
// beginning, there is nothing to list.
//
// twice.cjs COMMAND... -- [OPTION-BEFORE-FILES] -- FILES...
'use strict';

const fs = require('fs');
const path = require('path');
const {spawn} = require('child_process');
const {emit, awaitSelection, givenSelection, fileOf, endAs} = require('./protocol.cjs');

const folder = path.dirname(process.env.UNDERLAY_EVENTS);

const args = process.argv.slice(2);
const files = args.splice(args.lastIndexOf('--')).slice(1);
const beforeFiles = args.splice(args.lastIndexOf('--')).slice(1);

function run(files, env) {
  const [program, ...rest] = [...args, ...(files.length ? [...beforeFiles, ...files] : [])];
  const child = spawn(program, rest, {stdio: 'inherit', env: {...process.env, ...env}});
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve({status, signal}));
  });
}

// What the processes tell that list specs, file by file, is one plan.
async function list() {
  const told = path.join(folder, 'plan.jsonl');
  fs.writeFileSync(told, '');
  const exit = await run(files, {UNDERLAY_EVENTS: told, NODE_V8_COVERAGE: ''});
  const events = fs.readFileSync(told, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line));
  for (const {event, ...problem} of events.filter(({event}) => event === 'problem')) emit(event, problem);
  if (!events.some(({event}) => event === 'end')) {
    const how = exit.signal ?? `status ${exit.status}`;
    emit('problem', {where: '', message: `The runner ended by ${how} while it listed specs.`, stack: ''});
  }
  const plans = events.filter(({event, specs}) => event === 'plan' && specs.length);
  plans.sort((one, other) => (one.specs[0].file < other.specs[0].file ? -1 : 1));
  return {exit, specs: plans.flatMap(({specs}) => specs)};
}

async function main() {
  if (!givenSelection()) {
    const {exit, specs} = await list();
    if (!specs.length) return endAs(exit);
    emit('plan', {specs});
  }
  const selection = [...awaitSelection()];
  const given = path.join(folder, 'selected.json');
  fs.writeFileSync(given, JSON.stringify(selection));
  const theirs = new Set(selection.map(fileOf).filter(Boolean));
  endAs(await run([...theirs], {UNDERLAY_SELECTION: given}));
}

main();
