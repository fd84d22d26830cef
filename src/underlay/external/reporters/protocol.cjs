// What every reporter of ours shares: it tells what happens in one JSON object per line, in a file
// of its own, because stdout belongs to the specs; and it learns from a named pipe which specs to run,
// and, if it is to run them one by one, when to go on.
'use strict';

const fs = require('fs');
const url = require('url');
const {setImmediate: turn} = require('timers/promises');

const stepwise = Boolean(process.env.UNDERLAY_STEPWISE);

const events = fs.openSync(process.env.UNDERLAY_EVENTS, 'a');

function emit(event, fields) {
  fs.writeSync(events, JSON.stringify({event, ...fields}) + '\n');
}

// Sleeps until Python has decided; reading a named pipe to its end costs no time of the processor.
function awaitCommand() {
  return JSON.parse(fs.readFileSync(process.env.UNDERLAY_COMMANDS, 'utf8'));
}

function awaitSelection() {
  return new Set(awaitCommand());
}

// Sleeps between two specs, until the case of the next one has begun.  Nothing else runs meanwhile;
// then the event loop turns, once past its poll phase for sure, so that the next spec does not use
// connections which a server has closed between the cases.
async function pause() {
  emit('pause');
  awaitCommand();
  await turn();
  await turn();
}

// The entries of a plan.  Titles need not be unique: the second spec of the same name gets #2.
class Plan {
  specs = [];
  #seen = new Map();

  add(file, titles) {
    file = file.startsWith('file:') ? url.fileURLToPath(file) : file;
    const name = JSON.stringify([file, ...titles]);
    const count = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, count);
    const id = count === 1 ? name : `${name}#${count}`;
    this.specs.push({id, file, titles});
    return id;
  }
}

module.exports = {stepwise, emit, awaitSelection, pause, Plan};
