const http = require('http');

const agent = new http.Agent({keepAlive: true});

const post = url =>
  new Promise((resolve, reject) => {
    const take = answer => answer.resume().on('end', () => resolve(answer.statusCode));
    http.request(url, {agent, method: 'POST'}, take).on('error', reject).end('a body');
  });

describe('Idle connections', () => {
  for (const number of [1, 2, 3, 4]) {
    it(`may be closed between specs, number ${number}`, async () => {
      expect(await post(process.env.SERVER)).toBe(200);
    });
  }
});
