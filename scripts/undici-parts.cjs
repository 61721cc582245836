// The parts of undici that a proxy takes: its index would bring web sockets, caches, mocks and interceptors along, a third of its size.
const api = require('undici/lib/api')
const Dispatcher = require('undici/lib/dispatcher/dispatcher.js')
const ProxyAgent = require('undici/lib/dispatcher/proxy-agent.js')
const { fetch } = require('undici/lib/web/fetch/index.js')

// As its index does: a ProxyAgent opens its tunnel with `connect`.
Object.assign(Dispatcher.prototype, api)

module.exports = { fetch, ProxyAgent }
