import t from 'tap'
import { stackEnvironment } from '../../src/file/stack-environment.ts'

t.test('a run sees the usual variables, the way to the network, and what its stack lists', t => {
  const env = {
    PATH: '/bin',
    HOME: '/home/fleet',
    https_proxy: 'http://proxy:3128',
    NO_PROXY: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    VAULT_ADDR: 'https://vault',
    VAULT_TOKEN: 'x',
    KEY_OF_ANOTHER: 'flux_ci_x',
    FLUXLOOP_API_KEY: 'flux_ci_y',
    FLUXLOOP_KEYS_DATABASE_URL: 'postgres://x',
    NODE_OPTIONS: '--inspect',
    GIT_DIR: '/x',
  }
  t.strictSame(stackEnvironment(env, { variables: ['VAULT_ADDR', 'NOT_SET'] }), {
    PATH: '/bin',
    HOME: '/home/fleet',
    https_proxy: 'http://proxy:3128',
    NO_PROXY: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    VAULT_ADDR: 'https://vault',
  })
  t.end()
})
