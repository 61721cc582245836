import { chmod } from 'node:fs/promises'
import { join, dirname } from 'node:path'
import t from 'tap'
import { readFleet } from '../../src/file/read-fleet.ts'
import { type FolderFiles, fleetOf, folderWith, oneAccount, reading } from '../support/fleet-folder.ts'

const discover = (...entries: readonly string[]) =>
  `${oneAccount}discover:\n${entries.map(entry => `  - ${entry}\n`).join('')}`

const teams = {
  'teams/search/fluxloop-keys.yaml': '',
  'teams/voice/fluxloop-keys.yaml': '',
  'teams/voice/notes.yaml': '',
  'teams/.hidden/fluxloop-keys.yaml': '',
}

t.test('makes a stack of each folder with a match, named after it, with the files that matched', async t => {
  const fleet = await fleetOf(t, discover('{ glob: teams/*/*.yaml, mode: apply, interval: 2h }'), teams)
  const root = dirname(fleet.file)
  t.match(fleet.stacks, [
    {
      name: 'teams/search',
      source: { kind: 'folder', path: join(root, 'teams/search') },
      config: ['fluxloop-keys.yaml'],
      mode: 'apply',
      interval: 7_200_000,
    },
    { name: 'teams/voice', config: ['fluxloop-keys.yaml', 'notes.yaml'] },
  ])
})

t.test('takes the first pattern that matches a folder, and none for a folder that is listed', async t => {
  const text = `${discover(
    '{ glob: teams/voice/*.yaml, priority: high }',
    '{ glob: teams/*/fluxloop-keys.yaml, priority: low }',
  )}stacks:\n  - { name: find, folder: ./teams/search/ }\n`
  const { stacks } = await fleetOf(t, text, teams)
  t.match(stacks, [
    { name: 'find', priority: 'normal', config: [] },
    { name: 'teams/voice', priority: 'high' },
  ])
  t.equal(stacks.length, 2)
})

t.test(
  'takes a file next to the fleet file, by the name of their folder, and a pattern that is a path',
  async t => {
    const cwd = await folderWith(t, {
      'company/fleet.yaml': discover('{ glob: fluxloop-keys.yaml }'),
      'company/fluxloop-keys.yaml': '',
    })
    const read = await readFleet(join(cwd, 'company/fleet.yaml'), { cwd })
    t.match(read, { ok: true, fleet: { stacks: [{ name: 'company' }] } })
  },
)

t.test('follows a link to a file that stays inside, as Kubernetes mounts configurations', async t => {
  const { stacks } = await fleetOf(t, discover('{ glob: "*.keys.yaml" }'), {
    '..data/acme.keys.yaml': '',
    'acme.keys.yaml': { leadsTo: '..data/acme.keys.yaml' },
  })
  t.match(stacks, [{ config: ['acme.keys.yaml'] }])
})

interface Row {
  readonly title: string
  readonly entry: string
  readonly files: FolderFiles
  readonly message: string
}

const rows: readonly Row[] = [
  {
    title: 'a link to a file outside of the folder',
    entry: '{ glob: teams/*/fluxloop-keys.yaml }',
    files: { ...teams, 'teams/evil/fluxloop-keys.yaml': { leadsTo: '/etc/hostname' } },
    message: 'The link "teams/evil/fluxloop-keys.yaml" leads out of the folder of the fleet file',
  },
  {
    title: 'a link that leads nowhere',
    entry: '{ glob: teams/*/fluxloop-keys.yaml }',
    files: { ...teams, 'teams/evil/fluxloop-keys.yaml': { leadsTo: 'nowhere' } },
    message: 'The link "teams/evil/fluxloop-keys.yaml" leads nowhere',
  },
  {
    title: 'a link to a folder on the way of the pattern',
    entry: '{ glob: teams/*/fluxloop-keys.yaml }',
    files: { ...teams, 'teams/evil': { leadsTo: '/etc' } },
    message: '"teams/evil": This is a link to a folder, and those are not followed',
  },
  {
    title: 'a pattern that matches nothing',
    entry: '{ glob: team/*/fluxloop-keys.yaml }',
    files: teams,
    message: 'No file matches this glob',
  },
  ...['../*/x.yaml', '/etc/*.yaml', '~/x/*.yaml', 'a/../../b/*.yaml'].map(glob => ({
    title: `the pattern ${glob}, which leads out`,
    entry: `{ glob: "${glob}" }`,
    files: teams,
    message: 'The glob leads out of the folder of the fleet file',
  })),
  {
    title: 'a folder whose name no stack can have',
    entry: '{ glob: "*/fluxloop-keys.yaml" }',
    files: { 'My Team/fluxloop-keys.yaml': '' },
    message: 'The folder "My Team" has no name that a stack can have',
  },
  {
    title: 'an account that there is not, once for all its matches',
    entry: '{ glob: teams/*/fluxloop-keys.yaml, account: x }',
    files: teams,
    message: 'There is no account "x"',
  },
]

for (const { title, entry, files, message } of rows) {
  t.test(`refuses ${title}`, async t => {
    const read = await reading(t, discover(entry), files)
    t.strictSame(read.ok ? [] : read.diagnostics.map(each => `${each.line}: ${each.message}`), [
      `6: ${message}`,
    ])
  })
}

t.test('refuses a folder that has the name of a listed stack, and shows both places', async t => {
  const text = `${discover('{ glob: teams/*/fluxloop-keys.yaml }')}stacks:\n  - { name: teams/voice, folder: x }\n`
  t.match(await reading(t, text, teams), {
    ok: false,
    diagnostics: [
      { message: 'The folder "teams/voice" has the name of another stack', related: [{ line: 8 }] },
    ],
  })
})

/** Runs `work` as a user who does not read everything, as root does. */
async function asSomebody<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return await work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

t.test('refuses a folder that cannot be read: its stack must not go missing without a word', async t => {
  const cwd = await folderWith(t, {
    ...teams,
    'fleet.yaml': discover('{ glob: teams/*/fluxloop-keys.yaml }'),
  })
  await chmod(cwd, 0o755)
  await chmod(join(cwd, 'teams/voice'), 0)
  const read = await asSomebody(() => readFleet('fleet.yaml', { cwd }))
  t.match(read, { ok: false, diagnostics: [{ code: 'unreadable-file' }] })
  await chmod(join(cwd, 'teams/voice'), 0o755)
})
