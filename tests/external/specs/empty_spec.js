describe('Cart', () => {});
