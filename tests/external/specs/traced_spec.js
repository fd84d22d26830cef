const fs = require('fs');

const trace = (what, which) => fs.appendFileSync(process.env.TRACE, `${what} ${which}\n`);

trace('load', process.pid);

describe('Traced', () => {
  for (const name of ['one', 'two', 'three']) it(name, () => trace('run', name));

  afterAll(() => trace('after', 'all'));
});
