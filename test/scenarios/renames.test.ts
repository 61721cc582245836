// Renames keys and a stack with the built program, kills it between the PATCHes, and lets a former stack go on.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

interface Key {
  readonly id: string
  readonly name?: string
  readonly file?: string
  readonly previously?: string
}

function configuration(
  keys: readonly Key[],
  { stack = 'acme-agents', top = '' }: { readonly stack?: string; readonly top?: string } = {},
): string {
  const blocks = keys.map(
    ({ id, name = id, file = id, previously }) => `
  ${id}:
    name: ${name}
    environment: ci
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    rotate: { maxAge: 60d, grace: 48h, quiet: 24h }
    store: [{ env-file: { path: '${file}.env', name: FLUXLOOP_API_KEY } }]
${previously === undefined ? '' : `    previously: ${previously}\n`}`,
  )
  return `version: 1\nstack: ${stack}\n${top}keys:${blocks.length === 0 ? ' {}\n' : blocks.join('')}`
}

async function scene(t: Test): Promise<{ readonly place: Workplace; readonly platform: ServedPlatform }> {
  const place = await workplace(t)
  const platform = await servedPlatform(t, { database: join(place.root, 'platform.db') })
  const run: Workplace['run'] = (args, options) =>
    place.run(args, { ...options, env: { ...platform.env, ...options?.env } })
  return { place: { ...place, run }, platform }
}

async function apply(place: Workplace, text: string, crashAt?: string) {
  await place.write('fluxloop-keys.yaml', text)
  return await place.run(['apply', '--auto-approve'], {
    env: crashAt === undefined ? {} : { FLUXLOOP_KEYS_CRASH_AT: crashAt },
  })
}

async function applied(place: Workplace, text: string): Promise<void> {
  const { code, stdout, stderr } = await apply(place, text)
  if (code !== 0) throw new Error(`The past cannot be played: ${stdout}${stderr}`)
}

/** `stack/key id state`, sorted. */
async function markers(platform: ServedPlatform): Promise<readonly string[]> {
  return (await platform.managed())
    .map(({ ownership }) => {
      if (ownership.kind !== 'managed') throw new Error('only managed keys are listed')
      const { stack, keyId, generation, state } = ownership.marker
      return `${stack}/${keyId} g${generation} ${state.kind}`
    })
    .sort()
}

const secretIn = async (place: Workplace, file: string) =>
  /^FLUXLOOP_API_KEY=["']?(.*?)["']?$/m.exec(await place.read(file))?.[1] ?? ''

const noChanges = (place: Workplace) => place.run(['plan', '--detailed-exitcode'])

/** Two live generations of `old`: the predecessor is in its grace. */
async function rotated(t: Test, stack: string, { due = false } = {}) {
  const made = await scene(t)
  const { place, platform } = made
  const text = configuration([{ id: 'old', file: 'ci' }], { stack })
  await applied(place, text)
  platform.now += 61 * day
  await applied(place, text)
  platform.now += due ? 61 * day : hour
  return made
}

const kinds = {
  'a key': {
    before: 'acme-agents',
    after: configuration([{ id: 'new', name: 'old', file: 'ci', previously: 'old' }]),
    names: ['acme-agents/new'],
  },
  'a stack': {
    before: 'acme-bots',
    after: configuration([{ id: 'old', file: 'ci' }], { top: 'formerly: [acme-bots]\n' }),
    names: ['acme-agents/old'],
  },
} as const

for (const [what, { before, after, names }] of Object.entries(kinds)) {
  t.test(`renames ${what}, killed after each PATCH`, async t => {
    for (const at of ['after-patch:1', 'after-patch:2']) {
      const { place, platform } = await rotated(t, before)
      const secret = await secretIn(place, 'ci.env')
      t.equal((await apply(place, after, at)).signal, 'SIGKILL', at)
      const next = await apply(place, after)
      t.equal(next.code, 0, `${at}: ${next.stdout}${next.stderr}`)
      t.strictSame(
        await markers(platform),
        ['g1 retiring', 'g2 delivered'].map(rest => `${names[0]} ${rest}`),
        `${at}: both generations have the new name`,
      )
      t.equal(await secretIn(place, 'ci.env'), secret, `${at}: consumers keep their secret`)
      t.match(await noChanges(place), { code: 0, stdout: /No changes/ }, at)
    }
  })

  t.test(`renames ${what} that is due for rotation, killed on the way`, async t => {
    const steps = ['after-patch:1', 'after-patch:2', 'after-create:1', 'after-patch:3', 'after-put:1']
    for (const at of steps) {
      const { place, platform } = await rotated(t, before, { due: true })
      t.equal((await apply(place, after, at)).signal, 'SIGKILL', at)
      const next = await apply(place, after)
      t.equal(next.code, 0, `${at}: ${next.stdout}${next.stderr}`)
      const left = await markers(platform)
      t.ok(
        left.every(marker => marker.startsWith(`${names[0]} `)),
        `${at}: no key has the former name`,
      )
      t.ok(await platform.holder(await secretIn(place, 'ci.env')), `${at}: what is stored works`)
      t.match(await noChanges(place), { code: 0 }, at)
    }
  })
}

t.test('holds a rename where both key ids are in use, goes on with the rest, and ends with 7', async t => {
  const { place, platform } = await scene(t)
  await applied(place, configuration([{ id: 'a' }, { id: 'b' }]))
  const secrets = [await secretIn(place, 'a.env'), await secretIn(place, 'b.env')]
  const renamed = configuration([{ id: 'b', previously: 'a' }, { id: 'c' }])
  const { code, stdout } = await apply(place, renamed)
  t.equal(code, 7, stdout)
  t.match(stdout, /Held back: b is left alone/)
  t.match(stdout, 'acme-agents/a')
  t.match(stdout, 'acme-agents/b')
  t.strictSame(await markers(platform), [
    'acme-agents/a g1 delivered',
    'acme-agents/b g1 delivered',
    'acme-agents/c g1 delivered',
  ])
  t.strictSame([await secretIn(place, 'a.env'), await secretIn(place, 'b.env')], secrets)
  t.match(await apply(place, renamed), { code: 6, stdout: /No changes\. What is held back/ }, 'nothing else')
  t.match(await noChanges(place), { code: 1 }, 'what is held is never taken for done')
  const json = await place.run(['plan', '--json'])
  t.match(JSON.parse(json.stdout), {
    findings: [{ severity: 'held', code: 'rename-held', key: 'b', cause: 'both-live' }],
  })
})

t.test('warns of the keys that a renamed stack leaves behind, and takes them over with formerly', async t => {
  const { place, platform } = await scene(t)
  const keys = [{ id: 'a' }, { id: 'b' }]
  await applied(place, configuration([...keys, { id: 'x' }], { stack: 'acme-bots' }))
  await place.write('fluxloop-keys.yaml', configuration(keys))
  const warned = await place.run(['plan'])
  t.match(warned.stdout, 'Plan: 2 to create')
  t.match(
    warned.stdout.replace(/\s+/g, ' '),
    'The stack acme-bots has live keys with the key id and the name of a and b.',
  )
  t.match(warned.stdout, 'formerly: [acme-bots]')

  const secrets = [await secretIn(place, 'a.env'), await secretIn(place, 'b.env')]
  const after = configuration(keys, {
    top: 'formerly: [acme-bots]\nprune: { removed: revoke, unmanaged: revoke }\n',
  })
  platform.forget()
  const taken = await apply(place, after)
  t.equal(taken.code, 0, taken.stdout)
  t.match(taken.stdout, /Warning: x of the former stack acme-bots is not declared here/)
  t.strictSame(
    platform.requests.filter(request => !request.startsWith('GET')),
    ['PATCH /api/api-keys/:id', 'PATCH /api/api-keys/:id'],
    'one request for each key',
  )
  t.strictSame(await markers(platform), [
    'acme-agents/a g1 delivered',
    'acme-agents/b g1 delivered',
    'acme-bots/x g1 delivered',
  ])
  t.strictSame([await secretIn(place, 'a.env'), await secretIn(place, 'b.env')], secrets)
  t.match(await noChanges(place), { code: 0 })
})

t.test('moves a secret whose place has the name of the stack, and makes no new one', async t => {
  const { place, platform } = await scene(t)
  const key = { id: 'a', file: '{stack}' }
  await applied(place, configuration([key], { stack: 'acme-bots' }))
  const secret = await secretIn(place, 'acme-bots.env')
  const after = configuration([key], { top: 'formerly: [acme-bots]\n' })
  t.equal((await apply(place, after, 'after-put:1')).signal, 'SIGKILL', 'killed on the way')
  const { code, stdout } = await apply(place, after)
  t.equal(code, 0, stdout)
  t.strictSame(await markers(platform), ['acme-agents/a g1 delivered'])
  t.equal(await secretIn(place, 'acme-agents.env'), secret)
  t.equal(await secretIn(place, 'acme-bots.env'), '', 'it is taken out of the former place')
  t.match(await noChanges(place), { code: 0 })
})

t.test('holds what a former stack goes on making, and revokes none of it', async t => {
  const { place, platform } = await scene(t)
  const theirs = configuration([{ id: 'a', file: 'theirs' }], { stack: 'acme-bots' })
  const ours = configuration([{ id: 'a', file: 'ours' }], { top: 'formerly: [acme-bots]\n' })
  await applied(place, theirs)
  t.equal((await apply(place, ours)).code, 0)
  await applied(place, theirs)
  platform.now += 10 * day
  const { code, stdout } = await apply(place, ours)
  t.equal(code, 6, stdout)
  t.match(stdout.replace(/\s+/g, ' '), 'a stack that this one took over still makes keys for it')
  t.strictSame(await markers(platform), [
    'acme-agents/a g1 retiring',
    'acme-agents/a g2 delivered',
    'acme-bots/a g1 delivered',
  ])
  t.ok(await platform.holder(await secretIn(place, 'theirs.env')), 'their secret works')
  t.ok(await platform.holder(await secretIn(place, 'ours.env')), 'and so does ours')
})

t.test('releases a whole stack where the configuration says so on purpose', async t => {
  const { place, platform } = await scene(t)
  await applied(place, configuration([{ id: 'a' }, { id: 'b' }]))
  const before = await markers(platform)
  const retain = 'prune: { removed: retain }\n'
  await applied(place, `version: 1\nstack: acme-agents\n${retain}`)
  t.strictSame(await markers(platform), before, 'not where no keys are declared by mistake')
  await applied(place, configuration([]))
  t.strictSame(await markers(platform), before, 'nor without retain')
  const { code, stdout } = await apply(place, configuration([], { top: retain }))
  t.equal(code, 0, stdout)
  t.strictSame(await markers(platform), ['acme-agents/a g1 released', 'acme-agents/b g1 released'])
  t.match(await noChanges(place), { code: 0 })
})
