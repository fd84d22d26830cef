cart = require '../../js/cart'

describe 'A quantity', ->
  it 'is a whole number', ->
    expect(cart.quantity ' 12 ').toEqual 12

  it 'counts as none if it is anything else', ->
    expect(cart.quantity text).toEqual 0 for text in ['', '-1', '1.5', 'two']
