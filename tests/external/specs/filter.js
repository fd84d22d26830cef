module.exports = {env: {specFilter: spec => spec.description !== 'is unwanted'}};
