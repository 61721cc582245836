// The parts of undici that the program uses: its index would bring web sockets, caches, mocks and interceptors along, a third of its size.
import api from 'undici/lib/api/index.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'
import DecoratorHandler from 'undici/lib/handler/decorator-handler.js'
import web from 'undici/lib/web/fetch/index.js'

// As its index does: a ProxyAgent opens its tunnel with `connect`.
Object.assign(Dispatcher.prototype, api)

export const { fetch } = web
export { Agent, DecoratorHandler, ProxyAgent }
