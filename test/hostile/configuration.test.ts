// Configurations that a pull request brings: files that lead to somebody's secrets, and more text than anybody wrote by hand.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Workplace, workplace } from '../support/program.ts'

/** What is in the user's home and nowhere else: no output may have any of it. */
const token = 'npm_Zq83hKsWmT21vBxY7LdPcR4nUeJ0aG'
const files: Readonly<Record<string, string>> = {
  '.npmrc': `//registry.npmjs.org/:_authToken=${token}\nemail = ${token}@example.com\n`,
  'token.yaml': `${token}: ${token}\n`,
  'list.yaml': `version: 1\npolicy: [${token}, '${token}']\n`,
  'alias.yaml': `version: 1\npolicy: { forbid: *${token} }\n`,
  'tag.yaml': `version: 1\npolicy: !${token} { forbid: [widening] }\n`,
  'double.yaml': `version: 1\npolicy: { ${token}: 1, ${token}: 2 }\n`,
  'value.yaml': `version: 1\npolicy: { failOn: ${token} }\n`,
  'rule.yaml': `version: 1\npolicy: { rules: { own: { when: '${token} == 1', message: ${token}, severity: high } } }\n`,
  'chain.yaml': `version: 1\nextends: ./${token}.yaml\n`,
  'keys.yaml': `version: 1\nkeys: { ${token}: { name: ${token} } }\n`,
  'twice.yaml': `version: 1\n---\n${token}: 1\n`,
  'text.yaml': `"${token}`,
  'empty.yaml': '',
}

const configuration = (more: string) => `version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
  ci: { name: CI, scope: all, permissions: [read_scenarios], store: { env-file: { path: .env, name: KEY } } }
${more}
`

/** A clone in the folder of a workplace, with a configuration that is right. */
async function clone(t: Test, more = ''): Promise<Workplace & { readonly home: string }> {
  const place = await workplace(t)
  await mkdir(join(place.work, '.git'))
  const home = join(place.root, 'home')
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text)
  await mkdir(join(home, 'policies'))
  await place.write('fluxloop-keys.yaml', configuration(more))
  return { ...place, home }
}

const commands = [['validate'], ['validate', '--json']] as const

/** What else reads a configuration, and prints what is wrong with it by the same function. */
const others = [
  ['plan', '--api-url', 'sandbox:'],
  ['audit', '--offline'],
  ['audit', '--fix', '--offline'],
  ['secret', 'get', 'ci'],
  ['doctor'],
] as const

async function requireNothing(
  t: Test,
  place: Workplace,
  says: RegExp,
  ...more: readonly string[]
): Promise<void> {
  for (const command of commands) {
    const { code, stdout, stderr } = await place.run([...command, ...more])
    t.not(code, 0, command.join(' '))
    t.notMatch(stdout + stderr, token.slice(0, 12), `${command.join(' ')} shows nothing of it`)
    t.match((stdout + stderr).replace(/\s+/g, ' '), says)
  }
}

for (const name of Object.keys(files).filter(name => name !== 'empty.yaml'))
  t.test(`shows nothing of a shared policy outside the repository: ${name}`, async t => {
    const place = await clone(t)
    await place.write('fluxloop-keys.yaml', configuration(`extends: ${join(place.home, name)}`))
    await requireNothing(t, place, /An error of the kind [a-z-]+; the file is outside the repository/)
    await place.write('fluxloop-keys.yaml', configuration(`extends: ../home/${name}`))
    const { stderr } = await place.run(['validate'])
    t.match(
      stderr,
      new RegExp(`home/${name.replaceAll('.', '\\.')}:\\d+:\\d+: error:`),
      'but where it is wrong',
    )
    t.match(stderr.replace(/\s+/g, ' '), `fluxloop-keys validate -c`)
  })

t.test(
  'shows what is wrong with a file that the user names, whose folder is the repository then',
  async t => {
    const place = await clone(t)
    const { stderr } = await place.run(['validate', '-c', join(place.home, 'value.yaml')])
    t.match(stderr, `failOn: ${token}`)
  },
)

t.test('shows nothing of a shared policy outside the repository, whatever the command', async t => {
  const place = await clone(t)
  await place.write('fluxloop-keys.yaml', configuration('extends: ../home/token.yaml'))
  for (const command of others) {
    const { code, stdout, stderr } = await place.run(command)
    t.not(code, 0, command.join(' '))
    t.notMatch(stdout + stderr, token.slice(0, 12), `${command.join(' ')} shows nothing of it`)
  }
})

t.test('refuses links that lead out of the repository', async t => {
  const refusal = /The link leads out of the repository|is a link that leads out of the repository/
  t.test('a file that a folder has', async t => {
    const place = await clone(t)
    await place.write('keys/own.yaml', configuration(''))
    await symlink(join(place.home, '.npmrc'), join(place.work, 'keys/x.yaml'))
    await requireNothing(t, place, refusal, '-c', 'keys')
    await requireNothing(t, place, refusal, '-c', 'keys/*.yaml')
  })
  t.test('the configuration itself', async t => {
    const place = await clone(t)
    await symlink('../home/token.yaml', join(place.work, 'linked.yaml'))
    await requireNothing(t, place, refusal, '-c', 'linked.yaml')
    await requireNothing(t, place, refusal, '-c', join(place.work, 'linked.yaml'))
  })
  t.test('a folder on the way to it, with a repository where it leads', async t => {
    const place = await clone(t)
    await mkdir(join(place.home, '.git'))
    await symlink('../home', join(place.work, 'config'))
    await requireNothing(t, place, refusal, '-c', 'config/token.yaml')
    await requireNothing(t, place, refusal, '-c', 'config/*.yaml')
    await requireNothing(t, place, refusal, '-c', 'config')
  })
  t.test('a shared policy, and a folder on the way to one', async t => {
    const place = await clone(t, 'extends: ./policy.yaml')
    await symlink('../home/token.yaml', join(place.work, 'policy.yaml'))
    await requireNothing(t, place, refusal)
    await symlink('../home', join(place.work, 'shared'))
    await place.write('fluxloop-keys.yaml', configuration('extends: ./shared/token.yaml'))
    await requireNothing(t, place, refusal)
  })
  t.test('a package, and a file of one', async t => {
    const place = await clone(t, "extends: '@acme/policy'")
    await writeFile(join(place.home, 'package.json'), `{ "fluxloop-keys": "token.yaml", "name": "${token}" }`)
    await mkdir(join(place.work, 'node_modules/@acme'), { recursive: true })
    await symlink(place.home, join(place.work, 'node_modules/@acme/policy'))
    await requireNothing(t, place, refusal)
    await place.write('node_modules/other/package.json', '{}')
    await symlink(join(place.home, 'token.yaml'), join(place.work, 'node_modules/other/fluxloop-policy.yaml'))
    await place.write('fluxloop-keys.yaml', configuration('extends: other'))
    await requireNothing(t, place, /leads out of the package other/)
  })
  t.test('where there is no repository, or one below the working directory', async t => {
    const place = await workplace(t)
    await writeFile(join(place.root, 'home/token.yaml'), files['token.yaml'] ?? '')
    await symlink('../home', join(place.work, 'config'))
    await requireNothing(t, place, refusal, '-c', 'config/token.yaml')
    await place.write('.npmrc', files['token.yaml'] ?? '')
    await mkdir(join(place.work, 'clone/.git'), { recursive: true })
    await symlink('..', join(place.work, 'clone/config'))
    await requireNothing(t, place, refusal, '-c', 'clone/config/.npmrc')
    await place.write('sub/fluxloop-keys.yaml', configuration('extends: ./p.yaml'))
    await symlink('../../home/token.yaml', join(place.work, 'sub/p.yaml'))
    await requireNothing(t, place, refusal, '-c', 'sub/fluxloop-keys.yaml')
  })
})

t.test('refuses a baseline that is a link out of the repository', async t => {
  const place = await clone(t)
  await symlink('../home/.npmrc', join(place.work, 'baseline.json'))
  const { code, stdout, stderr } = await place.run(['audit', '--offline', '--baseline', 'baseline.json'])
  t.equal(code, 2)
  t.match(stderr, /The baseline baseline\.json is a link that leads out of the repository/)
  t.notMatch(stdout + stderr, token.slice(0, 12))
})

t.test('follows links that stay in the repository', async t => {
  const place = await clone(t, 'extends: ./policy.yaml')
  await place.write('policies/own.yaml', 'version: 1\npolicy: { failOn: critical }\n')
  await symlink('policies/own.yaml', join(place.work, 'policy.yaml'))
  await mkdir(join(place.work, 'stacks'))
  await symlink('../fluxloop-keys.yaml', join(place.work, 'stacks/acme.yaml'))
  for (const path of ['fluxloop-keys.yaml', 'stacks/*.yaml']) {
    const { code, stderr } = await place.run(['validate', '-c', path])
    t.equal(code, path.startsWith('stacks') ? 2 : 0, stderr)
  }
  await place.write('policies/own.yaml', 'version: 1\npolicy: { failOn: sometimes }\n')
  t.match((await place.run(['validate'])).stderr, 'failOn: sometimes', 'and shows what is wrong there')
})

const head = 'version: 1\nstack: acme-agents\n'
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('')

/** Each of them has far more errors, or far more text, than anybody reads. */
const floods: Readonly<Record<string, { readonly text: string; readonly says: RegExp }>> = {
  'unknown properties': {
    text: head + many(50_000, index => `p${index}: x\n`),
    says: /… and up to 49,900 more errors.*has more than 1,000 errors/,
  },
  'one property, again and again': {
    text: `${head}keys:\n${'  same: 1\n'.repeat(20_000)}`,
    says: /`same` stands twice in one map.*… and up to 19,899 more errors/,
  },
  'errors in one line': {
    text: `{ ${many(20_000, index => `p${index}: x, `)} }`,
    says: /Unknown property "p0".*… and up to 19,\d+ more errors/,
  },
  'keys that are wrong': {
    text: `${head}keys:\n${many(5_000, index => `  k${index}: { nmae: K }\n`)}`,
    says: /`keys.k0` has no `name`.*more errors/,
  },
  'keys with an unknown role': {
    text: `${head}keys:\n${many(2_000, index => `  k${index}: { name: K${index}, scope: all, expires: 90d, permissions: ['role:no'] }\n`)}`,
    says: /… and up to 1,900 more errors/,
  },
  'more values than are read': {
    text: head + 'a: [],\n'.repeat(400_000),
    says: /more than 1,000,000 lines, colons, commas and brackets, which is not read/,
  },
}

for (const [what, { text, says }] of Object.entries(floods))
  t.test(`shows the first errors of many, and how many more there are: ${what}`, async t => {
    const place = await workplace(t)
    await place.write('fluxloop-keys.yaml', text)
    const { code, stderr } = await place.run(['validate'])
    t.equal(code, 2)
    t.match(stderr.replace(/\s+/g, ' '), says)
    t.ok(stderr.length < 100_000, `${stderr.length} characters`)
    t.ok((stderr.match(/ error: /g) ?? []).length <= 100)
    const json = await place.run(['validate', '--json'])
    const { diagnostics, omitted } = JSON.parse(json.stdout) as {
      readonly diagnostics: readonly object[]
      readonly omitted: number
    }
    t.ok(diagnostics.length <= 1_000)
    t.equal(omitted > 0, stderr.includes('up to'))
    t.ok(json.stdout.length < 2_000_000)
  })

t.test('counts what all files of a configuration hold', async t => {
  const place = await workplace(t)
  for (const name of ['a', 'b'])
    await place.write(`fluxloop-keys/${name}.yaml`, `${head}# ${'x'.repeat(9_000_000)}\n`)
  t.match(
    (await place.run(['validate'])).stderr.replace(/\s+/g, ' '),
    /b\.yaml: error: With this file the configuration has more than 16 MB of text/,
  )
})

t.test('stops rules that would take too much for all keys together', async t => {
  const place = await workplace(t)
  const loop = '[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, a + b < 0))'
  const rule = (index: number) => `    own-${index}: { when: '${loop}', message: m, severity: low }\n`
  await place.write(
    'fluxloop-keys.yaml',
    `${head}defaults: { expires: 90d }\npolicy:\n  rules:\n${many(100, rule)}keys:\n${many(1_000, index => `  k${index}: { name: K${index}, scope: all, permissions: [read_scenarios] }\n`)}`,
  )
  const { code, stderr } = await place.run(['audit', '--offline'])
  t.equal(code, 2)
  t.match(
    stderr.replace(/\s+/g, ' '),
    /with all other rules and keys it would take more than 20,000,000 steps/,
  )
})
