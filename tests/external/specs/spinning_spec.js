const {spawn} = require('child_process');
const fs = require('fs');

const note = (name, pid) => fs.writeFileSync(`${process.env.PIDS}/${name}`, String(pid));

note('loaded', process.pid);

it('spins', () => {
  note('running', process.pid);
  note('child', spawn('sleep', ['1000']).pid);
  for (;;);
});
