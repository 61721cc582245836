// The CI file that init writes for the host of the git remote. Git itself is never run.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { hostOfRemote } from '../../src/config/ci-file.ts'
import { Failure } from '../../src/model/failure.ts'
import type { Prompts } from '../../src/runtime/prompts.ts'
import { runLine } from '../support/context.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'

async function repository(t: Test, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = t.testdir()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

const remote = (url: string) => `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n\tfetch = x\n`

t.test('the host is read from the remote, whichever way its URL is written', async t => {
  for (const [url, host] of [
    ['https://github.com/acme/agents.git', 'github'],
    ['git@github.com:acme/agents.git', 'github'],
    ['ssh://git@gitlab.acme.test:2222/acme/agents', 'gitlab'],
    ['https://oauth2:token@gitlab.com/acme/agents', 'gitlab'],
    ['https://github-enterprise.acme.test/acme/agents', 'github'],
    ['https://bitbucket.org/acme/github', null],
    ['/srv/git/agents.git', null],
    ['', null],
  ] as const)
    t.equal(hostOfRemote(remote(url)), host, url)
  t.equal(
    hostOfRemote(`[remote "mirror"]\nurl = https://gitlab.com/a/b\n${remote('git@github.com:a/b')}`),
    'github',
  )
  t.equal(hostOfRemote('[branch "main"]\n\turl = https://github.com/a/b\n'), null, 'only of a remote')
  t.equal(hostOfRemote(''), null)
})

t.test('GitHub: a workflow with the action at the commit that was named', async t => {
  const cwd = await repository(t, { '.git/config': '' })
  const ran = await runLine(`init --stack acme --ci github --action acme/keys@${commit}`, { cwd })
  t.equal(ran.code, 0, ran.err())
  t.match(ran.out(), /Wrote fluxloop-keys\.yaml, \.gitignore and \.github\/workflows\/fluxloop-keys\.yml\./)
  t.notMatch(ran.out(), /OWNER/)
  const text = await readFile(join(cwd, '.github/workflows/fluxloop-keys.yml'), 'utf8')
  const { jobs, on, permissions } = parse(text) as {
    jobs: Record<string, { steps: { uses?: string; with: object }[]; permissions: object }>
    on: object
    permissions: object
  }
  t.same(permissions, {}, 'nothing that a job does not say')
  const guide = await readFile(new URL('../../docs/guides/ci.md', import.meta.url), 'utf8')
  const [, shown = ''] = /```yaml\n# [^\n]*\n([^]*?)```/.exec(guide) ?? []
  t.same(
    parse(shown.replace(/uses: fluxloop-keys\/fluxloop-keys@0{40}/g, `uses: acme/keys@${commit}`)),
    parse(text),
    'the workflow of the guide',
  )
  t.ok('pull_request_target' in on)
  const used = Object.values(jobs).flatMap(({ steps }) => steps.map(({ uses }) => uses))
  t.equal(used.filter(uses => uses === `acme/keys@${commit}`).length, 4)
  t.same(
    used.filter(uses => uses !== undefined && !/@[0-9a-f]{40}$/.test(uses)),
    [],
    'all are pinned to a whole commit',
  )
  t.notMatch(
    jobs['plan']?.steps.map(({ uses }) => uses),
    /checkout/,
    'nothing of a pull request is checked out',
  )
})

t.test('GitHub: where nobody named the action, none is invented, and init says how to get it', async t => {
  const cwd = await repository(t, { '.git/config': '', 'apps/bot/.keep': '' })
  const folder = join(cwd, 'apps/bot')
  const ran = await runLine('init --stack acme --ci github', { cwd: folder })
  t.equal(ran.code, 0, ran.err())
  t.match(ran.out().replace(/\s+/g, ' '), /replace OWNER\/fluxloop-keys@COMMIT by .*git ls-remote https:/)
  const text = await readFile(join(cwd, '.github/workflows/fluxloop-keys.yml'), 'utf8')
  t.equal(text.match(/uses: OWNER\/fluxloop-keys@COMMIT/g)?.length, 4)
  t.equal(text.match(/working-directory: apps\/bot$/gm)?.length, 4, 'the folder of the configuration')
  t.match(parse(text), {
    on: { push: { paths: ['apps/bot/fluxloop-keys.yaml', 'apps/bot/fluxloop-keys/**'] } },
  })
  t.same((await readdir(folder)).sort(), ['.gitignore', '.keep', 'fluxloop-keys.yaml'])
})

t.test('GitLab: the template, and a pipeline that includes it where there is none', async t => {
  const cwd = await repository(t, { '.git/config': '' })
  const ran = await runLine('init --stack acme --ci gitlab', { cwd })
  t.equal(ran.code, 0, ran.err())
  t.match(ran.out().replace(/\s+/g, ' '), /replace git\+https:\/\/HOST\/GROUP\/fluxloop-keys\.git#COMMIT by/)
  t.same(parse(await readFile(join(cwd, '.gitlab-ci.yml'), 'utf8')), {
    include: [
      {
        local: '.gitlab/fluxloop-keys.gitlab-ci.yml',
        inputs: { package: 'git+https://HOST/GROUP/fluxloop-keys.git#COMMIT' },
      },
    ],
  })
  const written = await readFile(join(cwd, '.gitlab/fluxloop-keys.gitlab-ci.yml'), 'utf8')
  const template = await readFile(
    new URL('../../templates/fluxloop-keys.gitlab-ci.yml', import.meta.url),
    'utf8',
  )
  t.equal(written, template)
  const [head, jobs] = parseAllDocuments(written)
  const { spec } = head?.toJS() as { spec: { inputs: { package: { regex: string; default?: string } } } }
  const form = new RegExp(spec.inputs.package.regex.slice(1, -1))
  t.equal(spec.inputs.package.default, undefined, 'nobody but the user says where the program comes from')
  t.match(`git+https://gitlab.acme.test/acme/fluxloop-keys.git#${commit}`, form)
  t.notMatch('git+https://HOST/GROUP/fluxloop-keys.git#COMMIT', form, 'what init writes has to be replaced')
  t.notMatch('fluxloop-keys', form)
  t.ok(jobs?.errors.length === 0)

  const other = await repository(t, { '.git/config': '', '.gitlab-ci.yml': 'build:\n  script: [make]\n' })
  const kept = await runLine('init --stack acme --ci gitlab', { cwd: other })
  t.match(
    kept.out().replace(/\s+/g, ' '),
    /\.gitlab-ci\.yml is there already and stays as it is\. .*under include: - local:/,
  )
  t.equal(await readFile(join(other, '.gitlab-ci.yml'), 'utf8'), 'build:\n  script: [make]\n')
})

t.test('nobody is asked where no remote names a host; without an answer nothing is written', async t => {
  const asked: string[] = []
  const prompts = async (): Promise<Prompts> => ({
    title: () => undefined,
    line: async () => '',
    some: async () => [],
    one: async (question, choices, first) => {
      asked.push(question)
      return question.startsWith('Declare') ? (choices[1]?.value ?? first) : first
    },
  })
  const offline = async () => {
    throw new Failure('authentication', 'Nobody is logged in')
  }
  const ran = async (git: string, flags = '') => {
    const cwd = await repository(t, { '.git/config': git })
    asked.length = 0
    const { code, err } = await runLine(`init --stack acme${flags}`, {
      answers: [],
      cwd,
      with: { prompts, connect: offline },
    })
    t.equal(code, 0, err())
    return (await readdir(cwd)).filter(
      name => name.startsWith('.git') && name !== '.git' && name !== '.gitignore',
    )
  }
  t.same(await ran(remote('https://gitlab.com/acme/agents')), ['.gitlab', '.gitlab-ci.yml'])
  t.ok(asked.includes('Add a CI file for GitLab?'))
  t.same(await ran(remote('git@github.com:acme/agents')), ['.github'])
  t.same(await ran(remote('https://bitbucket.org/acme/agents')), [])
  t.notMatch(asked.join(), /CI file/)
  t.same(await ran(remote('git@github.com:acme/agents'), ' --ci none'), [])
  t.notMatch(asked.join(), /CI file/)
})

t.test('flags that make no sense write nothing', async t => {
  for (const [flags, words] of [
    ['--ci github --action acme/keys@v1', /takes owner\/name@ and a whole commit/],
    ['--ci gitlab --action acme/keys@v1', /needs --ci github/],
    ['--ci circleci', /takes github, gitlab, none/],
  ] as const) {
    const cwd = await repository(t, { '.git/config': '' })
    const ran = await runLine(`init --stack acme ${flags}`, { cwd }).catch((cause: unknown) => cause as Error)
    t.match('code' in ran && 'err' in ran ? ran.err().replace(/\s+/g, ' ') : String(ran), words)
    t.same((await readdir(cwd)).sort(), ['.git'])
  }
})
