import t from 'tap'
import { Failure } from '../../src/model/failure.ts'
import { proxyFor } from '../../src/platform/proxy.ts'

const api = 'https://api.fluxloop.ai'

t.test('finds the proxy that the environment names for a URL', t => {
  for (const [env, url, expected] of [
    [{}, api, null],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, api, 'http://proxy:3128 HTTPS_PROXY'],
    [{ https_proxy: 'http://lower', HTTPS_PROXY: 'http://upper' }, api, 'http://lower https_proxy'],
    [{ HTTP_PROXY: 'http://proxy' }, api, 'http://proxy HTTP_PROXY'],
    [{ HTTPS_PROXY: 'https://tls', HTTP_PROXY: 'http://plain' }, api, 'https://tls HTTPS_PROXY'],
    [{ HTTPS_PROXY: 'proxy.acme.test:8080' }, api, 'http://proxy.acme.test:8080 HTTPS_PROXY'],
    [{ HTTPS_PROXY: ' ' }, api, null],
    [{ HTTPS_PROXY: 'http://p', HTTP_PROXY: 'http://p' }, 'http://127.0.0.1:8787', null],
    [{ HTTPS_PROXY: 'http://p' }, 'https://localhost:8787', null],
    [{ HTTPS_PROXY: 'http://p' }, 'https://[::1]', null],
    ...[
      ['*', null],
      ['api.fluxloop.ai', null],
      ['fluxloop.ai', null],
      ['.fluxloop.ai', null],
      ['*.fluxloop.ai', null],
      ['FluxLoop.AI', null],
      ['example.com, fluxloop.ai', null],
      ['example.com fluxloop.ai:443', null],
      ['fluxloop.ai:8443', 'http://p HTTPS_PROXY'],
      ['loop.ai', 'http://p HTTPS_PROXY'],
      ['staging.api.fluxloop.ai', 'http://p HTTPS_PROXY'],
      [',', 'http://p HTTPS_PROXY'],
      ['.', 'http://p HTTPS_PROXY'],
    ].map(
      ([exceptions = '', found]) =>
        [{ HTTPS_PROXY: 'http://p', NO_PROXY: exceptions ?? '' }, api, found] as const,
    ),
  ] as const) {
    const found = proxyFor(url, env)
    t.equal(found && `${found.url} ${found.variable}`, expected ?? null, JSON.stringify([env, url]))
  }
  t.end()
})

t.test('keeps user name and password apart from what can be shown', t => {
  const found = proxyFor(api, { HTTPS_PROXY: 'http://o%40ps:p%3A%2525ss@proxy:3128/path' })
  t.equal(found?.url, 'http://proxy:3128')
  t.equal(found?.authorization?.reveal(), `Basic ${Buffer.from('o@ps:p:%25ss').toString('base64')}`)
  t.notMatch(JSON.stringify(found), /o@ps|ss@|Basic/)
  const nameless = proxyFor(api, { HTTPS_PROXY: 'http://token@proxy' })
  t.equal(nameless?.authorization?.reveal(), `Basic ${Buffer.from('token:').toString('base64')}`)
  t.end()
})

t.test('refuses what is not a proxy, without showing it', t => {
  for (const value of [
    'http://',
    'http://user:hunter2@',
    'socks5://user:hunter2@proxy',
    'http://hunter2%@proxy',
  ]) {
    try {
      proxyFor(api, { https_proxy: value })
      t.fail(value)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      t.match(error, { code: 'usage', message: /^https_proxy / })
      t.notMatch([error.message, ...error.hints].join(' '), 'hunter2')
    }
  }
  t.end()
})
