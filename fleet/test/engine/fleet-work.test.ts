import t from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import { connect } from '../../src/database/connect.ts'
import { fleetWork } from '../../src/engine/fleet-work.ts'
import type { Fleet, FleetStack } from '../../src/file/fleet.ts'
import { createLog } from '../../src/log/replica-log.ts'

const secret = new Secret('flux_ci_SENTINELsentinel0123456789')

function workOf(env: NodeJS.ProcessEnv) {
  const fleet: Fleet = { file: '/srv/fleet.yaml', stacks: [], notifiers: [], retention: 1 }
  let asked = 0
  const work = fleetWork({
    // It connects at the first statement, and none is sent here.
    connection: connect(new Secret('postgresql://nobody@127.0.0.1:1/none')),
    ...{ accounts: new Map(), env, version: '0.0.0-test', fleet: () => fleet },
    resolve: () => {
      asked += 1
      return Promise.resolve(secret)
    },
    log: createLog({ level: 'error', write: () => undefined }),
    stopping: new AbortController().signal,
  })
  return { work, asked: () => asked }
}

const stack = {
  ...{
    name: 'agents',
    config: [],
    mode: 'apply',
    interval: 60_000,
    jitter: 0,
    windows: [],
    priority: 'normal',
  },
  ...{
    owner: null,
    programs: [],
    variables: ['VAULT_ADDR'],
    source: { kind: 'folder', path: '/srv/agents' },
  },
  account: { name: 'acme', apiUrl: 'https://api.fluxloop.ai', credential: { kind: 'env', name: 'ACME' } },
} as const satisfies FleetStack

t.test('finds no credential for a platform where the environment makes TLS insecure', async t => {
  for (const env of [{ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, { NODE_OPTIONS: '--tls-keylog=keys.log' }]) {
    const { work, asked } = workOf(env)
    await t.rejects(work.credentialOf(stack), { code: 'usage', message: /makes TLS insecure/ })
    t.equal(asked(), 0)
  }
  t.equal(await workOf({}).work.credentialOf(stack), secret)
})

t.test('gives a run the way to the network and what its entry lists, and no credential', t => {
  const env = {
    PATH: '/bin',
    HTTPS_PROXY: 'http://proxy:3128',
    VAULT_ADDR: 'https://v',
    ACME: 'flux_ci_x',
    OTHER: 'x',
  }
  const { ACME, OTHER, ...seen } = env
  t.strictSame(workOf(env).work.environmentOf(stack), seen)
  t.ok(ACME !== OTHER)
  t.end()
})
