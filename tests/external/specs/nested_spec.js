const fs = require('fs');

const trace = what => fs.appendFileSync(process.env.TRACE, `${what}\n`);

describe('Outer', () => {
  beforeAll(() => trace('before outer'));

  it('one', () => trace('one'));

  describe('inner', () => {
    beforeAll(() => trace('before inner'));

    it('two', () => trace('two'));

    it('three', () => trace('three'));

    afterAll(() => trace('after inner'));
  });

  it('four', () => trace('four'));

  afterAll(() => trace('after outer'));
});
