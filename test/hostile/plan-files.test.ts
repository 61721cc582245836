// Whoever can write a plan file can recompute its digest. Nothing that such a file says may loosen anything.
import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day, hour, minute } from '../../src/model/duration.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

interface Options {
  takeOver: boolean
  maxRevoke: number | null
  maxRotate: number | null
  revokeInUse: string[]
  targets: { only: string[]; except: string[] }
  widening: 'as-declared' | 'forbid' | 'allow'
}

/** What a plan file says, as somebody who forges one sees it. */
interface Content {
  origin: string
  account: string
  configuration: string
  policy: string
  declarations: Record<string, string>
  validUntil: number
  options: Options
  plan: {
    stack: string
    now: number
    changes: (Record<string, unknown> & { kind: string; keyId: string; gate?: { waived: boolean } })[]
    retiring: unknown[]
  }
}

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly run: (line: string, env?: Workplace['env']) => Promise<Ended>
  readonly declare: (
    keyIds: readonly string[],
    more?: { permissions?: string; top?: string },
  ) => Promise<void>
  /** Changes plan.json and makes its digest anew, as its writer would. */
  readonly forge: (change: (content: Content) => void) => Promise<void>
  /** Runs a line that must change no live key. */
  readonly changesNothing: (
    t: Test,
    line: string,
    code: number,
    says: RegExp,
    env?: Workplace['env'],
  ) => Promise<void>
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function scene(t: Test): Promise<Scene> {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  const run = (line: string, env: Workplace['env'] = {}) =>
    place.run(line.split(' '), { env: { ...platform.env, ...env } })
  const state = async () =>
    JSON.stringify((await platform.live()).map(live => ({ ...live, lastUse: null, version: null })))
  return {
    place,
    platform,
    run,
    declare: async (keyIds, { permissions = '[read_results]', top = '' } = {}) => {
      const keys = keyIds.map(
        id =>
          `  ${id}: { name: ${id}, scope: all, permissions: ${permissions}, expires: 90d, store: { env-file: { path: ${id}.env, name: FLUXLOOP_API_KEY } } }\n`,
      )
      const defaults = 'defaults: { rotate: { maxAge: 60d } }\n'
      await place.write(
        'fluxloop-keys.yaml',
        `version: 1\nstack: acme\n${top}${defaults}keys:\n${keys.join('')}`,
      )
    },
    forge: async change => {
      const { format, version, ...rest } = JSON.parse(await place.read('plan.json')) as Content &
        Record<'format' | 'version' | 'digest', unknown>
      const { origin, account, configuration, policy, declarations, validUntil, options, plan } = rest
      const content: Content = {
        ...{ origin, account, configuration, policy, declarations },
        ...{ validUntil, options, plan },
      }
      change(content)
      const digest = sha256(JSON.stringify(content))
      await place.write('plan.json', JSON.stringify({ format, version, digest, ...content }, null, 2))
    },
    changesNothing: async (t, line, code, says, env = {}) => {
      const before = await state()
      const ended = await run(line, env)
      t.equal(ended.code, code, `${line}: ${ended.stderr}`)
      t.match((ended.stdout + ended.stderr).replace(/\s+/g, ' '), says, line)
      t.equal(await state(), before, `${line} changed nothing`)
    },
  }
}

const names = async (platform: ServedPlatform) => (await platform.managed()).map(({ name }) => name).sort()

t.test('revokes no more keys than the limit allows, unless --max-revoke is repeated', async t => {
  const { platform, run, declare, forge, changesNothing } = await scene(t)
  await declare(['a', 'b', 'c', 'd'])
  t.match(await run('apply --auto-approve'), { code: 0 })
  await declare(['a'])
  const planned = await run('plan --max-revoke 3 --out plan.json')
  t.match(planned, { code: 0, stderr: /fluxloop-keys apply plan\.json --max-revoke 3/ })
  await changesNothing(t, 'apply plan.json', 2, /made with --max-revoke 3[^]*apply plan\.json --max-revoke 3/)
  await changesNothing(t, 'apply plan.json --max-revoke 2', 2, /made with --max-revoke 3/)
  await changesNothing(
    t,
    'apply plan.json --max-revoke 3 --take-over',
    2,
    /--take-over does not go with plan\.json/,
  )

  await forge(({ options }) => (options.maxRevoke = null))
  await changesNothing(t, 'apply plan.json', 12, /b, c, d are no longer as the plan found them/)
  // Fewer changes than the plan has do not hide that it has too many.
  await forge(({ plan }) => (plan.changes = plan.changes.slice(1)))
  await changesNothing(t, 'apply plan.json', 12, /c, d are no longer as the plan found them/)

  await run('plan --max-revoke 3 --out plan.json')
  t.match(await run('apply plan.json --max-revoke 3'), { code: 0, stdout: /3 revoked/ })
  t.strictSame(await names(platform), ['a'])
})

t.test('takes a plan of some keys only where the same ones are named again', async t => {
  const { platform, run, declare, forge, changesNothing } = await scene(t)
  await declare(['a', 'b', 'c', 'd'])
  await run('apply --auto-approve')
  await declare(['a'])
  // In two halves, each below the limit.
  t.match(await run('plan --only b --only c --out plan.json'), { code: 0 })
  await changesNothing(t, 'apply plan.json', 2, /made with --only b --only c/)
  await changesNothing(t, 'apply plan.json --only b', 2, /made with --only c/)
  await changesNothing(t, 'apply plan.json --only b --only c --only d', 2, /--only d does not go with/)
  await forge(({ options }) => (options.targets = { only: [], except: [] }))
  await changesNothing(t, 'apply plan.json', 12, /b, c are no longer as the plan found them/)
  await forge(({ options }) => (options.targets = { only: [], except: ['d'] }))
  await changesNothing(t, 'apply plan.json', 2, /made with --except d/)
  t.strictSame((await names(platform)).length, 4)
})

t.test('rotates no more keys than the limit allows, unless --max-rotate is repeated', async t => {
  const { platform, run, declare, forge, changesNothing } = await scene(t)
  await declare(['a', 'b', 'c', 'd'])
  await run('apply --auto-approve')
  platform.now += 61 * day
  t.match(await run('plan --max-rotate 4 --out plan.json'), { code: 0 })
  await changesNothing(t, 'apply plan.json', 2, /made with --max-rotate 4/)
  await forge(({ options }) => (options.maxRotate = null))
  const limited = await run('apply plan.json')
  t.match(limited, { code: 7, stdout: /2 rotated/ })
  t.match(limited.stdout, /The plan is stale for c/, 'what the limit defers is held back')
  await run('plan --max-rotate 4 --out plan.json')
  t.match(await run('apply plan.json --max-rotate 4'), { code: 0, stdout: /2 rotated/ })
})

t.test('revokes no key in use, unless --revoke-in-use is repeated', async t => {
  const { place, platform, run, declare, forge, changesNothing } = await scene(t)
  await declare(['a', 'b'])
  await run('apply --auto-approve')
  platform.now += 2 * day
  const secret = /flux_\w+/.exec(await place.read('b.env'))?.[0] ?? ''
  t.ok(await platform.holder(secret), 'a consumer uses it')
  await declare(['a'])
  t.match(await run('plan --revoke-in-use b --out plan.json'), { code: 0, stdout: /1 to revoke/ })
  await changesNothing(t, 'apply plan.json', 2, /made with --revoke-in-use b/)
  await forge(({ options }) => (options.revokeInUse = []))
  await changesNothing(t, 'apply plan.json', 0, /b/)
  for (const waived of [true, false]) {
    await forge(({ plan }) => {
      plan.retiring = []
      for (const { gate } of plan.changes) if (gate !== undefined) gate.waived = waived
    })
    await changesNothing(t, 'apply plan.json', 0, /b/)
  }
  // A moment at which the key was not in use yet.
  await forge(({ plan }) => (plan.now -= day))
  await changesNothing(t, 'apply plan.json --ttl 7d', 0, /b/)
  t.strictSame(await names(platform), ['a', 'b'])

  await run('plan --revoke-in-use b --out plan.json')
  t.match(await run('apply plan.json --revoke-in-use b'), { code: 0, stdout: /1 revoked/ })
})

t.test('widens nothing that the policy forbids, unless --allow is repeated', async t => {
  const { run, declare, forge, changesNothing } = await scene(t)
  const top = 'policy: { forbid: [widening] }\n'
  await declare(['a'], { top })
  await run('apply --auto-approve')
  await declare(['a'], { top, permissions: '[read_results, upload_results]' })
  t.match(await run('plan --allow widening --out plan.json'), { code: 0, stdout: /1 to update/ })
  await changesNothing(t, 'apply plan.json', 2, /made with --allow widening/)
  await changesNothing(t, 'apply plan.json --forbid widening', 2, /made with --allow widening/)
  await forge(({ options }) => (options.widening = 'as-declared'))
  await changesNothing(t, 'apply plan.json', 6, /refused/)
  await forge(({ options }) => (options.widening = 'forbid'))
  await changesNothing(t, 'apply plan.json --allow widening', 2, /--allow widening does not go with/)
  await forge(({ options }) => (options.widening = 'allow'))
  t.match(await run('apply plan.json --allow widening'), { code: 0, stdout: /1 updated/ })
})

t.test('--forbid holds at apply whatever the file says', async t => {
  const { run, declare, forge, changesNothing } = await scene(t)
  await declare(['a'])
  await run('apply --auto-approve')
  await declare(['a'], { permissions: '[read_results, upload_results]' })
  await run('plan --out plan.json')
  await changesNothing(t, 'apply plan.json --forbid widening', 6, /refused/)
  await forge(({ options }) => (options.widening = 'forbid'))
  await changesNothing(t, 'apply plan.json', 6, /refused/)
})

t.test('takes nothing over from another machine, unless --take-over is repeated', async t => {
  const { place, platform, run, declare, forge, changesNothing } = await scene(t)
  await declare(['a'])
  await run('apply --auto-approve')
  platform.now += 61 * day
  const HOME = join(place.root, 'another-home')
  await mkdir(HOME)
  // A store that holds the secret would show that this is the same machine.
  await rm(join(place.work, 'a.env'))
  t.match(await run('plan --take-over --out plan.json', { HOME }), { code: 0, stdout: /1 to rotate/ })
  await changesNothing(t, 'apply plan.json', 2, /made with --take-over/, { HOME })
  await forge(({ options }) => (options.takeOver = false))
  await changesNothing(t, 'apply plan.json', 12, /stale/, { HOME })
})

t.test(
  'lives as long as apply says, from the moment of the plan, and never longer than the file says',
  async t => {
    const { platform, run, declare, forge, changesNothing } = await scene(t)
    await declare(['a'])
    t.match(await run('plan --ttl 7d --out plan.json'), { code: 0, stderr: /apply plan\.json --ttl 7d/ })
    const made = platform.now
    await forge(content => (content.validUntil += 3650 * day))
    platform.now = made + 25 * hour
    await changesNothing(t, 'apply plan.json', 12, /expired at[^]*--ttl/)
    await changesNothing(t, 'apply plan.json --ttl 1h', 12, /expired at/)
    await changesNothing(t, 'apply plan.json --ttl soon', 2, /a period such as 24h/)
    await changesNothing(t, 'apply --ttl 7d --auto-approve', 2, /--ttl is about a plan file/)
    await forge(content => (content.validUntil = made + 2 * hour))
    await changesNothing(t, 'apply plan.json --ttl 7d', 12, /expired at/)
    await forge(content => {
      content.validUntil = made + 30 * day
      content.plan.now += 2 * day
    })
    await changesNothing(t, 'apply plan.json', 12, /which is yet to come/)
    await forge(content => (content.plan.now = platform.now - 8 * day))
    await changesNothing(t, 'apply plan.json --ttl 7d', 12, /expired at/)
    await forge(content => (content.plan.now = platform.now - minute))
    t.match(await run('apply plan.json'), { code: 0, stdout: /1 created/ })
  },
)

t.test('carries out no change that a plan made here does not have', async t => {
  const { platform, run, declare, forge, changesNothing } = await scene(t)
  await declare(['a', 'b'])
  await run('apply --auto-approve')
  await declare(['a', 'b'], { permissions: '[read_results, upload_results]' })
  await run('plan --out plan.json')
  const [, b] = await platform.managed()
  const gate = { quiet: 0, waived: true }
  const revoke = { kind: 'revoke', keyId: 'b', live: b, generation: 1, reason: { code: 'undeclared' }, gate }
  for (const [change, code] of [
    [({ plan }) => (plan.changes = [revoke]), 12],
    [({ plan }) => (plan.changes = plan.changes.map(one => ({ ...one, kind: 'revoke' }))), 12],
    [({ plan }) => (plan.changes = plan.changes.map(one => ({ ...one, keyId: '*' }))), 12],
    [({ plan }) => (plan.stack = 'other'), 12],
    [content => (content.account = 'other'), 12],
    [content => (content.origin = 'https://api.fluxloop.ai'), 12],
    [content => (content.configuration = sha256('other')), 12],
  ] as readonly (readonly [(content: Content) => unknown, number])[]) {
    t.match(await run('plan --out plan.json'), { code: 0 })
    await forge(change)
    await changesNothing(t, 'apply plan.json', code, /Nothing was changed/)
  }
  await run('plan --out plan.json')
  await forge(({ plan }) => plan.changes.push(revoke))
  t.match(
    await run('apply plan.json'),
    { code: 7, stdout: /1 updated, 0 rotated, 0 revoked/ },
    'the other key alone',
  )
  t.strictSame(await names(platform), ['a', 'b'])
})

t.test('shows no words of a forged file that a shell or a runner would act on', async t => {
  const { run, declare, forge } = await scene(t)
  await declare(['a'])
  await run('plan --out plan.json')
  await forge(({ options }) => {
    options.revokeInUse = ["$(touch planted)\n::stop-commands::x\r\u001b[2J'; touch planted '", '`id`']
  })
  const { code, stdout, stderr } = await run('apply plan.json')
  t.equal(code, 2)
  t.match(stderr, /--revoke-in-use '\$\(touch planted\)\?::stop-commands/)
  for (const line of (stdout + stderr).split(/[\r\n]/)) t.notMatch(line, /^\s*(::|##)/)
  t.notMatch(stderr, /\u001b\[2J/)
  t.match(stderr, /'`id`'/)
})
