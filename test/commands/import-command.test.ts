// Import: from keys made by hand to a configuration whose first plan only adopts them.
import { lstat, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { addBlocks } from '../../src/config/edit-yaml.ts'
import { readYaml } from '../../src/config/read-yaml.ts'
import { isNamed } from '../../src/commands/import-choice.ts'
import { keyIdOf, proposeImport } from '../../src/config/import-keys.ts'
import type { NewKey, PlatformClient } from '../../src/platform/types.ts'
import { liveKey, neverUsed, now, unknownUse, usedAt } from '../support/build.ts'
import { stage } from '../support/stage.ts'

const plain: NewKey = {
  name: 'CI Pipeline',
  description: '',
  marker: null,
  environment: null,
  scope: 'all',
  permissions: ['read_scenarios'],
  expires: { kind: 'period', length: 90 * day },
}

async function make(client: PlatformClient, ...keys: readonly Partial<NewKey>[]): Promise<readonly string[]> {
  const ids: string[] = []
  for (const [index, key] of keys.entries()) {
    const { key: live } = await client.create({ ...plain, ...key }, `by-hand-${index}-${key.name ?? ''}`)
    ids.push(live.id)
  }
  return ids
}

interface PrintedPlan {
  readonly changes: readonly { readonly action: string; readonly fields: readonly unknown[] }[]
  readonly findings: readonly unknown[]
}

t.test(
  'brings 500 keys under management: the first plan only adopts, the next has nothing to do',
  async t => {
    const { client, succeed, live, read, write } = stage(t, {})
    const scopes = ['all', ['customer-support-bot'], ['customer-support-bot', 'sales-assistant']] as const
    const sets = [
      ['read_scenarios'],
      ['read_results', 'read_scenarios'],
      ['*'],
      ['manage_keys', 'upload_results'],
    ]
    const ends = [
      { kind: 'never' },
      { kind: 'period', length: 90 * day },
      { kind: 'period', length: 90.3 * day },
      { kind: 'until', at: Date.UTC(2027, 5, 1, 13) },
      { kind: 'period', length: 5 * day },
    ] as const
    const keys = Array.from({ length: 500 }, (_, index): Partial<NewKey> => ({
      name: `Bot "${index % 250}": ${['läuft', 'yes', '- x', '#1', '{key}'][index % 5] ?? ''}`,
      description: index % 3 === 0 ? `It's: number ${index} # [not] a comment` : '',
      environment: (['ci', 'prod', null] as const)[index % 3] ?? null,
      scope: scopes[index % 3] ?? 'all',
      permissions: sets[index % 4] ?? [],
      expires: ends[index % 5] ?? { kind: 'never' },
    }))
    await make(client, ...keys)
    const before = await live()
    const imported = await succeed('import Bot* --stack taken-over --write')
    t.strictSame(imported.requests, ['GET /api/api-keys', 'GET /api/auth/whoami'])
    t.match(imported.out(), /Wrote 500 keys and 2 roles to .*fluxloop-keys\.yaml/)
    const plan = JSON.parse((await succeed('plan --json')).out()) as PrintedPlan
    t.equal(plan.changes.length, 500)
    t.strictSame(
      plan.changes.filter(({ action, fields }) => action !== 'adopt' || fields.length > 0),
      [],
      'empty apart from the adoptions',
    )
    const applied = await succeed('apply --auto-approve')
    t.equal(applied.requests.filter(request => request.startsWith('PATCH')).length, 500)
    t.match(applied.out(), '500 adopted')
    t.match((await succeed('plan')).out(), 'No changes.')
    const after = new Map((await live()).map(key => [key.id, key]))
    for (const key of before) {
      const { ownership, version, lastUse } = key
      t.strictSame(
        { ...after.get(key.id), ownership, version, lastUse },
        key,
        'nothing but the marker changed',
      )
    }
    await write('fluxloop-keys.yaml', (await read('fluxloop-keys.yaml')).replace(/^ +adopt: .*\n/gm, ''))
    t.match((await succeed('plan')).out(), 'No changes.', 'and the lines may go')
  },
)

t.test('edits a file that is there, and keeps its comments and layout', async t => {
  const { client, succeed, read } = stage(t, {
    'fluxloop-keys.yaml': `# Ours.
version: 1
stack: kept   # do not touch

roles:
  reader: [ read_results , read_scenarios ]   # odd spaces

keys:
  "first":   # by hand
    name: 'First'
    scope: all
    permissions: ['role:reader']
    expires: 90d
    store: { env-file: { path: .env, name: FIRST } }
  # the last word on keys

# Limits
limits: { revoke: 10% }
`,
  })
  await make(client, { name: 'Second', permissions: ['read_results', 'read_scenarios'] }, { name: 'First' })
  const before = await read('fluxloop-keys.yaml')
  const { out } = await succeed('import Second First --write')
  const after = await read('fluxloop-keys.yaml')
  const added = after.split('\n').filter(line => !before.split('\n').includes(line))
  const without = after
    .split('\n')
    .filter(line => !added.includes(line))
    .join('\n')
  t.match(
    after,
    /# the last word on keys\n {2}# made 2026-11-22 \(less than a day ago\), never used\n {2}first-2:\n {4}adopt: key_/,
  )
  t.match(
    after,
    /second:\n {4}adopt: key_\w+\n {4}name: Second\n {4}environment: dev\n {4}scope: all\n {4}permissions: \[role:reader\]\n {4}expires: 90d\n/,
  )
  t.match(after, /\n\n# Limits\nlimits: \{ revoke: 10% \}\n$/)
  t.ok(before.split('\n').every(line => after.includes(line)))
  t.ok(without.startsWith(before.slice(0, before.indexOf('keys:'))))
  t.match(out(), /^\+ {2}second:$/m)
  t.match(out(), /^ {3}# the last word on keys$/m, 'shows the lines around')
  t.notMatch(out(), /^-[^-]/m, 'takes no line away')
  const again = await succeed('import --all --write')
  t.notMatch(again.out(), 'second', 'what is adopted is not imported again')
})

t.test('writes nothing unasked, and nothing where somebody says no', async t => {
  const { client, run, read } = stage(t, {})
  await make(client, {})
  const gone = async () => await read('fluxloop-keys.yaml').catch(() => null)
  const nobody = await run('import --all --stack new')
  t.equal(nobody.code, 1)
  t.match(nobody.out(), '+  ci-pipeline:')
  t.match(nobody.err(), '--write')
  t.equal(await gone(), null)
  t.equal((await run('import --all --stack new', { answers: ['no'] })).code, 1)
  t.equal(await gone(), null)
  t.equal((await run('import --all', { answers: ['new', 'yes'] })).code, 0)
  t.match(await gone(), 'stack: new')
})

for (const asked of ['--all', '*', 'key_*']) {
  t.test(`leaves the calling key out of import ${asked}, and says so`, async t => {
    const { client, succeed, read } = stage(t, {})
    await make(client, { name: 'A one' })
    const caller = (await client.whoami()).key?.id ?? 'none'
    const all = await succeed(`import ${asked} --stack new --out all.yaml --write`)
    t.strictSame(all.requests.toSorted(), ['GET /api/api-keys', 'GET /api/auth/whoami'])
    t.match(all.err(), `Left out: ${caller} (`)
    t.match(all.err(), `fluxloop-keys import ${caller}`)
    t.match(await read('all.yaml'), 'A one')
    t.notMatch(await read('all.yaml'), caller)
  })
}

t.test('writes nothing where only the calling key fits a pattern with a wildcard', async t => {
  const { client, succeed, read } = stage(t, {})
  const { key } = await client.whoami()
  const none = await succeed(`import ${key?.id.slice(0, -1)}? --stack new --write`)
  t.match(none.err(), `Left out: ${key?.id} (`)
  t.match(none.out(), 'There is nothing to import.')
  await t.rejects(read('fluxloop-keys.yaml'))
})

t.test('imports the calling key where its id or its name is given', async t => {
  const { client, succeed, read } = stage(t, {})
  const { key } = await client.whoami()
  await succeed(`import ${key?.id} --stack new --out by-id.yaml --write`)
  t.match(await read('by-id.yaml'), `adopt: ${key?.id}`)
  const live = liveKey({ name: 'CI Pipeline' })
  t.ok(isNamed(live, ['other', 'CI Pipeline']))
  t.notOk(isNamed(live, ['CI *']))
})

t.test('imports what a checklist, an id or a name says, and asks for one of them', async t => {
  const { client, run, succeed, read } = stage(t, {})
  const [first = '', second = '', third = ''] = await make(
    client,
    { name: 'A one' },
    { name: 'A two' },
    { name: 'B' },
  )
  const silent = await run('import --stack new')
  t.equal(silent.code, 2)
  t.match(silent.err(), 'import --all')
  const wrong = await run('import C* --stack new')
  t.equal(wrong.code, 5)
  t.match(wrong.err(), 'No key that can be imported fits `C*`')
  await succeed(`import A* ${third} --stack new --out by-pattern.yaml --write`)
  const text = await read('by-pattern.yaml')
  for (const id of [first, second, third]) t.match(text, `adopt: ${id}`)
  const offered: string[] = []
  const calling: string[] = []
  await succeed('import --stack new --out ticked.yaml --write', {
    answers: [],
    with: {
      prompts: async () => ({
        title: () => undefined,
        line: async () => '',
        one: async (_question, _choices, usual) => usual,
        some: async (_question, choices) => {
          offered.push(...choices.map(({ label }) => label.replace(/ \(.*/, '')))
          calling.push(...choices.map(({ label }) => label).filter(label => label.includes('calls with')))
          return choices.filter(({ value }) => value === second).map(({ value }) => value)
        },
      }),
    },
  })
  t.strictSame(offered.slice(0, 3), ['"A one"', '"A two"', '"B"'])
  t.equal(calling.length, 1, 'the calling key is named as such')
  t.match(calling[0], /\(key_\w+\), which this command calls with$/)
  t.match(await read('ticked.yaml'), `adopt: ${second}`)
  t.notMatch(await read('ticked.yaml'), `adopt: ${first}`)
})

t.test('replaces a file at one instant, through a link to it, and says where it cannot', async t => {
  const { client, folder, run, succeed, read } = stage(t, { 'real.yaml': 'version: 1\nstack: acme\n' })
  await make(client, {})
  await symlink('real.yaml', join(folder, 'fluxloop-keys.yaml'))
  const { ino, mode } = await stat(join(folder, 'real.yaml'))
  await succeed('import --all --write')
  const after = await stat(join(folder, 'real.yaml'))
  t.not(after.ino, ino, 'it is another file, whole')
  t.equal(after.mode, mode)
  t.ok((await lstat(join(folder, 'fluxloop-keys.yaml'))).isSymbolicLink())
  t.match(await read('real.yaml'), /adopt: key_/)
  await make(client, { name: 'Second' })
  const nowhere = await run('import --all --write --out no/such/folder.yaml')
  t.equal(nowhere.code, 1)
  t.match(nowhere.err(), /Cannot write .*no such file or folder/)
})

t.test('makes key ids of names, the same ones in any order', async t => {
  t.equal(keyIdOf(liveKey({ name: 'CI/CD Pipeline' })), 'ci-cd-pipeline')
  t.equal(keyIdOf(liveKey({ name: ' Über_uns! ' })), 'uber_uns')
  t.equal(keyIdOf(liveKey({ name: '日本', id: 'key_9' })), 'key_9')
  t.ok(keyIdOf(liveKey({ name: 'x'.repeat(200) })).length <= 63)
  const keys = [
    liveKey({ id: 'key_b', createdAt: now - day }),
    liveKey({ id: 'key_a', createdAt: now }),
    liveKey({ id: 'key_c', name: '', createdAt: now }),
    liveKey({ id: 'key_d', permissions: ['time_travel'] }),
  ]
  const known = { stack: 's', keyIds: new Set<string>(), roles: new Map<string, readonly string[]>() }
  const proposal = proposeImport(keys, known, now)
  t.strictSame(proposeImport(keys.toReversed(), known, now), proposal)
  t.strictSame(
    proposal.keys.map(({ keyId, live }) => [keyId, live.id]),
    [
      ['my-development-key', 'key_b'],
      ['my-development-key-2', 'key_a'],
    ],
  )
  t.match(
    proposal.left.map(({ why }) => why),
    [/permission time_travel/, /name/],
  )
})

t.test('tells the past of each key in a comment', async t => {
  const comment = (lastUse: ReturnType<typeof usedAt>) =>
    proposeImport([liveKey({ lastUse })], { stack: 's', keyIds: new Set(), roles: new Map() }, now).keys[0]
      ?.comment
  t.equal(
    comment(usedAt(now - 3 * day)),
    'made 2026-11-12 (10 days ago), last used 2026-11-19 (3 days ago) by agents/2.1',
  )
  t.match(comment(usedAt(now - 3 * day, 'a\nkeys: {}')), /\(3 days ago\)$/)
  t.match(comment(usedAt(now - hour)), /\(less than a day ago\)/)
  t.match(comment(usedAt(now - day)), /\(1 day ago\)/)
  t.match(comment(neverUsed), /, never used$/)
  t.match(comment(unknownUse), /, last use unknown$/)
})

t.test('adds to a map of any layout', async t => {
  const block = { name: 'new', value: { adopt: 'key_1' } }
  const added = (text: string) => addBlocks(text, 'keys', [block])
  const four = '    new:\n      adopt: key_1\n'
  t.equal(added(''), 'keys:\n  new:\n    adopt: key_1\n')
  t.equal(added('stack: s'), 'stack: s\n\nkeys:\n  new:\n    adopt: key_1\n')
  t.equal(added('keys:\n'), 'keys:\n  new:\n    adopt: key_1\n')
  t.equal(added('keys: # none yet\nstack: s\n'), 'keys: # none yet\n  new:\n    adopt: key_1\nstack: s\n')
  t.equal(added('keys: {}\nstack: s\n'), 'keys:\n  new:\n    adopt: key_1\nstack: s\n')
  t.equal(added('keys:\n    a:\n        b: 1'), `keys:\n    a:\n        b: 1\n${four}`)
  t.equal(added('keys:\n    a: {}\n\n# end\nstack: s\n'), `keys:\n    a: {}\n${four}\n# end\nstack: s\n`)
  t.equal(added('keys:\r\n    a: {}\r\nx: 1\r\n'), `keys:\n    a: {}\n${four}x: 1\n`.replaceAll('\n', '\r\n'))
})

t.test('adds to a map in braces within its braces, and leaves every other character', async t => {
  const block = { name: 'new', value: { adopt: 'key_1', scope: ['a', 'b'] }, comment: 'made' }
  const cases: readonly (readonly [before: string, after: string])[] = [
    ['keys: { a: { b: 1 } }\n', 'keys: { a: { b: 1 }, NEW }\n'],
    ['keys: {a: {b: 1},}\n', 'keys: {a: {b: 1}, NEW,}\n'],
    [
      'keys: {\n    a: { b: 1 }, # why\n    c: [x] # so\n  }\nx: 1\r\n',
      'keys: {\n    a: { b: 1 }, # why\n    c: [x], # so\n    # made\n    NEW\n  }\nx: 1\r\n',
    ],
    ['keys: {\r\n  a: {},\r\n  }\r\nx: 1\n', 'keys: {\r\n  a: {},\r\n  # made\r\n  NEW,\r\n  }\r\nx: 1\n'],
    ['{version: 1, keys: {}, stack: s}', '{version: 1, keys: { NEW }, stack: s}'],
    ['{version: 1, stack: s}\n', '{version: 1, stack: s, keys: {NEW}}\n'],
    ['\uFEFFkeys: { a: "x" }\n', '\uFEFFkeys: { a: "x", NEW }\n'],
  ]
  for (const [before, after] of cases) {
    const added = addBlocks(before, 'keys', [block])
    t.equal(added, after.replace('NEW', 'new: {adopt: key_1, scope: [a, b]}'))
    t.ok(readYaml(added.replace('\uFEFF', '')).ok, added)
  }
})

t.test('adds lines that end as those before them, whatever others end with', async t => {
  const added = (text: string) => addBlocks(text, 'keys', [{ name: 'new', value: { adopt: 'key_1' } }])
  const four = '  new:\n    adopt: key_1\n'
  const unix = 'keys:\n  a: {}\n'
  t.equal(added(`${unix}x: 1\r\n`), `${unix}${four}x: 1\r\n`)
  t.equal(added(`x: 1\r\n${unix}`), `x: 1\r\n${unix}${four}`)
  t.equal(added('x: 1\nkeys:\r\n  a: {}\r\n'), `x: 1\nkeys:\r\n  a: {}\r\n${four.replaceAll('\n', '\r\n')}`)
  t.equal(added('x: 1\r\ny: 2\n'), `x: 1\r\ny: 2\n\nkeys:\n${four}`)
})
