import t, { type Test } from 'tap'
import { type EnvFormat, envFormats, renderEnvLines } from '../../src/render/keys/env-lines.ts'
import { readVariable } from '../../src/stores/dotenv.ts'
import { needs } from '../support/needs.ts'
import { asUsersDo, ended, workplace } from '../support/program.ts'
import { openShell } from '../support/shell.ts'

const secret = 'flux_ci_sentinel0123456789'

const configuration = `
version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
  ci-pipeline: { name: CI, scope: all, permissions: [read_scenarios], store: { env-file: { path: a.env, name: KEY } } }
  backup-service: { name: Backup, scope: all, permissions: [read_scenarios], store: { env-file: { path: b.env, name: KEY } } }
  absent: { name: Absent, scope: all, permissions: [read_scenarios], store: { env-file: { path: c.env, name: KEY } } }
`

/** Every character that a secret may have. */
function everyCharacter(except = ''): string {
  const all = Array.from({ length: 94 }, (_, code) => String.fromCharCode(33 + code))
  return all.filter(character => !except.includes(character)).join('')
}

async function scene(t: Test) {
  const place = await workplace(t, { FLUXLOOP_API_URL: 'http://127.0.0.1:9' })
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('a.env', `KEY=${secret}\n`)
  await place.write('b.env', 'KEY=flux_prod_second\n')
  return place
}

const two = (value: string) => [
  { name: 'FIRST', value },
  { name: 'SECOND', value: 'plain' },
]

t.test('what it prints for a shell, that shell reads as it was', async t => {
  const shells: readonly (readonly [EnvFormat, string, readonly string[]])[] = [
    ['sh', 'sh', ['-c', 'eval "$(cat)"; printf "%s %s" "$FIRST" "$SECOND"; env | grep -c "^FIRST="']],
    ['sh', 'bash', ['-c', 'eval "$(cat)"; printf "%s %s" "$FIRST" "$SECOND"; env | grep -c "^FIRST="']],
    ['sh', 'zsh', ['-fc', 'eval "$(cat)"; printf "%s %s" "$FIRST" "$SECOND"; env | grep -c "^FIRST="']],
    ['fish', 'fish', ['--no-config', '-c', 'source; printf "%s %s" $FIRST $SECOND; env | grep -c "^FIRST="']],
  ]
  const value = everyCharacter()
  for (const [format, shell, args] of shells) {
    if (!needs(t, shell)) continue
    const lines = renderEnvLines(two(value), format, '')
    const { stdout } = await ended('sh', ['-c', 'printf %s "$0" | "$@"', lines, shell, ...args])
    t.equal(stdout, `${value} plain1\n`, shell)
  }
  t.equal(
    renderEnvLines(two("a'b$c`d"), 'powershell', ''),
    "$env:FIRST = 'a''b$c`d'\n$env:SECOND = 'plain'\n",
  )
})

t.test('what it prints for a file, readers of such files read as it was', async t => {
  const value = everyCharacter(`'\\`)
  const dotenv = renderEnvLines(two(value), 'dotenv', '')
  t.equal(readVariable(dotenv, 'FIRST', ''), value)
  t.equal(readVariable(dotenv, 'SECOND', ''), 'plain')
  t.equal(
    renderEnvLines([{ name: 'A', value: secret }], 'dotenv', ''),
    `A=${secret}\n`,
    'no quotes for docker',
  )
  t.strictSame(JSON.parse(renderEnvLines(two(value), 'json', '')), { FIRST: value, SECOND: 'plain' })
  const github = 'FIRST<<stop\na=b<<c\nstop\nSECOND<<stop\nplain\nstop\n'
  t.equal(renderEnvLines(two('a=b<<c'), 'github-env', 'stop'), github)
})

t.test('prints the variables of all keys, or none and why', async t => {
  const place = await scene(t)
  const run = (...words: readonly string[]) => place.run(['env', ...words])
  t.strictSame(await run('ci-pipeline'), {
    code: 0,
    signal: null,
    stdout: `export FLUXLOOP_API_KEY='${secret}'\n`,
    stderr: '',
  })
  t.equal((await run('ci-pipeline', '--env', 'A', '--format', 'dotenv')).stdout, `A=${secret}\n`)
  t.equal(
    (await run('A=ci-pipeline', 'B=backup-service', '--format', 'json')).stdout,
    `{"A":"${secret}","B":"flux_prod_second"}\n`,
  )
  t.match(await run('A=ci-pipeline', 'B=absent'), { code: 5, stdout: '', stderr: /no secret of absent/ })
  t.match(await run('ci-pipeline', 'backup-service'), { code: 2, stdout: '', stderr: /Say which is which/ })
  t.match(await run('ci-pipeline', '--format', 'fisch'), { code: 2, stdout: '', stderr: /Did you mean fish/ })
  await place.write('a.env', `KEY="flux_ci_'quote'"\n`)
  t.match(await run('ci-pipeline', '--format', 'dotenv'), { code: 1, stdout: '', stderr: /FLUXLOOP_API_KEY/ })
  for (const format of envFormats.filter(each => each !== 'dotenv'))
    t.equal((await run('ci-pipeline', '--format', format)).code, 0, format)
})

t.test('gives $GITHUB_ENV another delimiter each time', async t => {
  const place = await scene(t)
  const seen = new Set<string>()
  for (let count = 0; count < 3; count += 1) {
    const { stdout } = await place.run(['env', 'ci-pipeline', '--format', 'github-env'])
    const [, delimiter = ''] = /^FLUXLOOP_API_KEY<<(fluxloop_[0-9a-z]{20})\n/.exec(stdout) ?? []
    t.equal(stdout, `FLUXLOOP_API_KEY<<${delimiter}\n${secret}\n${delimiter}\n`)
    seen.add(delimiter)
  }
  t.equal(seen.size, 3)
})

t.test('needs --reveal at a real terminal', async t => {
  const place = await scene(t)
  const open = (...args: readonly string[]) =>
    openShell(t, asUsersDo[0], [...asUsersDo.slice(1), 'env', 'ci-pipeline', ...args], {
      cwd: place.work,
      env: place.env,
    })
  const refused = open()
  t.equal(await refused.ended, 2)
  t.match(refused.seen(), /--reveal/)
  t.notMatch(refused.seen(), /flux_ci/)
  const shown = open('--reveal')
  t.equal(await shown.ended, 0)
  t.equal(shown.seen(), `export FLUXLOOP_API_KEY='${secret}'\r\n`)
})
