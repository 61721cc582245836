// The README's commands, in their order, on the key that it declares.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { signingKey } from '../support/signing.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The configuration of the README; a keychain is a matter of the machine, so a file takes its place. */
function declared(): string {
  const [, block = ''] = /```yaml\n([^]*?)```/.exec(readme) ?? []
  return block
    .replaceAll(/^ {3}/gm, '')
    .replace(
      /^ {2}expires: 90d$/m,
      '$&\n  store: { env-file: { path: "{key}.env", name: FLUXLOOP_API_KEY } }',
    )
}

/** The command lines of the table of what there is beyond the first plan, and those of the first ten minutes. */
function commandLines(): readonly string[] {
  const steps = [...readme.matchAll(/^ +npx fluxloop-keys (.+)$/gm)].map(([, line = '']) => line)
  const [, table = ''] = /## Beyond the first plan\n([^]*?)\n## /.exec(readme) ?? []
  const rows = table.split('\n').flatMap(row => [...row.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line))
  return [...steps, ...rows]
}

/** What cannot be run as it stands: names of commands alone, YAML, and what serves or asks for ever. */
const others = new Set([
  '--now',
  'leak found.json',
  'until:',
  'break-glass',
  'store: [...]',
  'previously:',
  'formerly:',
  'marker: { publicKeys: [...], signingKey: ... }',
  'apikeys list',
  'create',
  'show',
  'update',
  'regenerate',
  'delete',
  'auth login',
  'sandbox',
])

/** Questions that nobody is here to answer, and files that are there already. */
const asked: Readonly<Record<string, string>> = {
  apply: 'apply --auto-approve',
  'rotate ci-pipeline --reason "offboarding"': 'rotate ci-pipeline --reason "offboarding" --auto-approve',
  'import --all --out fluxloop-keys.yaml --stack acme-agents':
    'import --all --out fluxloop-keys.yaml --stack acme-agents --write',
  'revoke ci-pipeline': 'revoke ci-pipeline --auto-approve',
  'apply --log keys.log': 'apply --log keys.log --auto-approve',
  'audit --fix': 'audit --fix --write',
  'apply --sign': 'apply --sign --auto-approve',
}

const signer = signingKey()
const signingVariable = 'FLUXLOOP_KEYS_SIGNING_KEY'

/** The `marker:` that stands before `apply --sign` in its row, with a key in place of the dots. */
async function declareSigning(place: Workplace): Promise<void> {
  const marker = `marker: { publicKeys: [${signer.publicKey}], signingKey: { env: ${signingVariable} } }`
  const before = await place.read('fluxloop-keys.yaml')
  await place.write('fluxloop-keys.yaml', before.replace(/^stack: .*$/m, `$&\n${marker}`))
}

async function shell(place: Workplace, line: string) {
  const program = `fluxloop-keys() { ${asUsersDo.join(' ')} "$@"; }; npm() { :; }; GITHUB_ENV=github.env;`
  const whole = line.startsWith('eval ') ? line : `fluxloop-keys ${line}`
  return await ended('bash', ['-c', `${program} ${whole.replace('-- npm test', '-- true')}`], {
    cwd: place.work,
    env: place.env,
  })
}

t.test('every command of the README works, one after the other', async t => {
  const platform = await servedPlatform(t)
  const place = await workplace(t, { ...platform.env, [signingVariable]: signer.pem })
  await place.write('fluxloop-keys.yaml', declared())
  const lines = commandLines().filter(line => !others.has(line))
  t.ok(lines.length > 20, lines.join(' | '))
  for (const line of lines) {
    if (line === 'apply --sign') await declareSigning(place)
    platform.forget()
    const { code, stdout, stderr } = await shell(place, asked[line] ?? line)
    // An audit of keys that nobody uses yet may find what fails it.
    const fine = line.startsWith('audit') ? [0, 6] : [0]
    t.ok(fine.includes(code ?? -1), `${line}: ${code} ${stderr}${stdout}`.slice(0, 600))
    if (line === 'plan') t.equal(platform.requests.length, 3, 'the README counts them')
  }
  t.match(readme, /`plan` makes three requests/)
})
