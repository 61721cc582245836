import t from 'tap'
import { renderDiagnostics } from '../../../src/render/text/diagnostics.ts'
import { type FolderFiles, oneAccount, reading } from '../support/fleet-folder.ts'

interface Row {
  readonly title: string
  readonly text: string | Uint8Array
  readonly others?: FolderFiles
  /** All of them: `line:column`, a part of the message, a part of the hint. */
  readonly expected: readonly (readonly [string, string, string?])[]
}

/** Lines 1 to 6; what a row adds to the stack starts at line 7. */
const stack = `${oneAccount}stacks:\n  - name: a\n`
const folder = `${stack}    folder: a\n`
const git = (parts: string) => `${stack}    git: { ${parts} }\n`
const accounts = (credential: string) =>
  `version: 1\naccounts:\n  a: { credential: ${credential} }\nstacks: []\n`
const window = (parts: string) => `${folder}    windows: [{ ${parts} }]\n`
const notify = (parts: string) => `${folder}notify:\n  - ${parts}\n`
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...'bcdefg'.split('').map((name, index) => {
    const before = 'abcdef'[index] ?? ''
    return `${name}: &${name} [${Array<string>(10).fill(`*${before}`).join(', ')}]`
  }),
].join('\n')

const rows: readonly Row[] = [
  { title: 'an empty file', text: '', expected: [['1:1', 'The file is empty', 'version: 1']] },
  { title: 'a list', text: '- a\n', expected: [['1:1', 'The file is a list', 'A fleet file starts with']] },
  { title: 'NUL bytes', text: 'version: 1\0', expected: [['1:1', 'The file is binary']] },
  { title: 'UTF-16', text: new Uint8Array([0xff, 0xfe, 0x41, 0]), expected: [['1:1', 'UTF-16']] },
  {
    title: 'control characters',
    text: 'version: 1\u0007\n',
    expected: [['1:11', 'Not valid YAML: the stream contains non-printable characters']],
  },
  {
    title: 'a tab as indentation',
    text: 'version: 1\naccounts:\n\ta: b\n',
    expected: [['3:1', 'tab', 'Replace the tab']],
  },
  { title: 'nesting without end', text: '['.repeat(100_000), expected: [['1:', 'nested too deeply']] },
  { title: 'a bomb of aliases', text: bomb, expected: [['', 'Aliases stand for more than']] },
  { title: 'several documents', text: '---\na: 1\n---\nb: 2\n', expected: [['3:1', 'several', 'Keep one']] },
  {
    title: 'a property twice',
    text: `${oneAccount}version: 1\nstacks: []\n`,
    expected: [['5:1', 'twice']],
  },
  {
    title: 'nothing but a version',
    text: 'version: 1\n',
    expected: [
      ['1:1', 'The file has no `accounts`', 'The accounts on the platform'],
      ['1:1', 'The file names no stacks', '`stacks: []`'],
    ],
  },
  {
    title: 'another version',
    text: `${oneAccount.replace('1', '2')}stacks: []\n`,
    expected: [['1:10', '2 is not a valid format version']],
  },
  {
    title: 'no accounts, and names that none can have',
    text: 'version: 1\naccounts: {}\nstacks: []\n',
    expected: [['2:11', '`accounts` is empty']],
  },
  {
    title: 'an account name with spaces',
    text: 'version: 1\naccounts:\n  "My Account": { credential: { env: K } }\nstacks: []\n',
    expected: [['3:3', '"My Account" is not an account name', 'lower-case']],
  },
  {
    title: 'no credential',
    text: accounts('{}'),
    expected: [['3:8', 'has none of `env`, `file`, `exec` and']],
  },
  {
    title: 'two credentials',
    text: accounts('{ env: A, file: b }'),
    expected: [['3:30', 'has both `env` and `file`']],
  },
  {
    title: 'a credential as text',
    text: accounts('flux_ci_aaaaaaaaaaaaaaaaaaaaaaaa'),
    expected: [['3:20', 'is text; it must be a map']],
  },
  {
    title: 'a program with a relative path',
    text: accounts('{ exec: [./bin/get] }'),
    expected: [['3:29', 'has a relative path', 'absolute path']],
  },
  { title: 'an empty program', text: accounts('{ exec: [""] }'), expected: [['3:29', 'is empty']] },
  ...(
    [
      ['http://api.example.com', 'is not encrypted'],
      ['https://user:hunter2@api.example.com', 'holds a user name or password'],
      ['ftp://api.example.com', 'has a protocol other than https'],
      ['https://api.example.com?a=b', 'has a query'],
      ['api', 'is not a URL'],
      ['"sandbox:"', 'belongs to one replica alone'],
    ] as const
  ).map(([url, message]) => ({
    title: `the API URL ${url}`,
    text: `version: 1\naccounts:\n  a:\n    credential: { env: K }\n    api-url: ${url}\nstacks: []\n`,
    expected: [['5:14', message] as const],
  })),
  {
    title: 'an account that there is not, once for all that take it from the defaults',
    text: `${oneAccount}defaults: { account: acmee }\nstacks:\n  - { name: a, folder: a }\n  - { name: b, folder: b }\n`,
    expected: [['5:22', 'There is no account "acmee"', 'Did you mean `acme`?']],
  },
  {
    title: 'no account where there are several',
    text: `version: 1\naccounts: { a: { credential: { env: K } }, b: { credential: { env: L } } }\nstacks:\n  - name: a\n    folder: a\n`,
    expected: [['4:5', 'names no account', 'Known here: a, b.']],
  },
  {
    title: 'a name twice',
    text: `${folder}  - name: a\n    folder: b\n`,
    expected: [['8:11', 'There is another stack "a"', 'another name']],
  },
  {
    title: 'names that no stack can have',
    text: `${oneAccount}stacks:\n  - { name: "", folder: a }\n  - { name: a b, folder: a }\n  - { name: 7, folder: a }\n`,
    expected: [
      ['6:13', '"" is not a stack name'],
      ['7:13', '"a b" is not a stack name'],
      ['8:13', 'is a number; it must be text', 'Put it in quotes'],
    ],
  },
  { title: 'neither folder nor git', text: stack, expected: [['6:5', 'has none of `folder` and `git`']] },
  {
    title: 'folder and git',
    text: `${folder}    git: { url: "https://h/x", revision: main }\n`,
    expected: [['8:5', 'has both `folder` and `git`', 'Keep exactly one']],
  },
  {
    title: 'misspelt properties, in one go',
    text: `${folder}    intervall: 1h\n    widows: []\nnotifi: []\n`,
    expected: [
      ['8:5', 'Unknown property "intervall"', 'Did you mean `interval`?'],
      ['9:5', 'Unknown property "widows"', 'Did you mean `windows`?'],
      ['10:1', 'Unknown property "notifi"', 'Did you mean `notify`?'],
    ],
  },
  ...(
    [
      ['30s', 'is not an interval'],
      ['0m', 'is not an interval'],
      ['1000w', 'is longer than 365 days'],
      ['60', 'is a number; it must be text'],
    ] as const
  ).map(([interval, message]) => ({
    title: `the interval ${interval}`,
    text: `${folder}    interval: ${interval}\n`,
    expected: [['8:15', message] as const],
  })),
  {
    title: 'a jitter above the whole',
    text: `${folder}    jitter: 101%\n`,
    expected: [['8:13', 'is not a jitter']],
  },
  {
    title: 'a mode that there is not',
    text: `${folder}    mode: aply\n`,
    expected: [['8:11', '"aply" is not a valid mode', 'Did you mean `apply`?']],
  },
  {
    title: 'a retention of hours',
    text: `${folder}retention: 3h\n`,
    expected: [['8:12', 'shorter than a day']],
  },
  {
    title: 'a retention for ever',
    text: `${folder}retention: 99y\n`,
    expected: [['8:12', 'longer than 20 years']],
  },
  {
    title: 'variables that hold secrets of the fleet or are its own',
    text: `${folder}    variables: [KEY, FLUXLOOP_API_KEY, NODE_OPTIONS, "A B"]\n`,
    expected: [['8:54', '"A B" is not a name of an environment variable']],
  },
  {
    title: 'variables that hold secrets of the fleet or are its own, else right',
    text: `${folder}    variables: [KEY, FLUXLOOP_API_KEY, NODE_OPTIONS]\n`,
    expected: [
      ['8:17', '`KEY` holds a secret of the fleet', 'Remove it'],
      ['8:22', '`FLUXLOOP_API_KEY` is for fluxloop-keys itself'],
      ['8:40', '`NODE_OPTIONS` is for'],
    ],
  },
  {
    title: 'a time that a clock does not show, and one without quotes',
    text: window('from: "25:00", to: 17:00'),
    expected: [['8:23', '"25:00" is not a time of day']],
  },
  {
    title: 'a time zone that there is not',
    text: window('from: "09:00", to: "17:00", time-zone: Europe/Berln'),
    expected: [['8:56', 'There is no time zone "Europe/Berln"', 'Did you mean `Europe/Berlin`?']],
  },
  {
    title: 'an offset as a time zone',
    text: window('from: "09:00", to: "17:00", time-zone: "+01:00"'),
    expected: [['8:56', 'is not a time zone']],
  },
  {
    title: 'a window that ends when it begins',
    text: window('from: "09:00", to: "09:00"'),
    expected: [['8:36', 'ends when it begins', '24:00']],
  },
  ...(
    [
      ['git@github.com:acme/keys.git', 'has no scheme', 'ssh://git@github.com/acme/keys.git'],
      ['ext::sh -c id', 'neither https nor ssh', undefined],
      ['git://h/x', 'neither https nor ssh', undefined],
      ['file:///srv/x', 'neither https nor ssh', undefined],
      ['/srv/x', 'neither https nor ssh', undefined],
      ['--upload-pack=id', 'neither https nor ssh', undefined],
      ['https://u:hunter2@h/x', 'holds a password or a user name', 'deploy key'],
      ['ssh://u:hunter2@h/x', 'holds a password or a user name', undefined],
      ['https://token@h/x', 'holds a password or a user name', undefined],
      ['ssh://-oProxyCommand=id/x', 'has a host or a path', undefined],
      ['ssh://a@-x/x', 'has a host or a path', undefined],
      ['https://h/x?y', 'has a host or a path', undefined],
      ['https://h/%2e%2e', 'has a host or a path', undefined],
    ] as const
  ).map(([url, message, hint]) => ({
    title: `the git URL ${url}`,
    text: git(`url: "${url}", revision: main`),
    expected: [hint === undefined ? (['7:17', message] as const) : (['7:17', message, hint] as const)],
  })),
  ...['-x', 'a..b', 'a@{1}', 'HEAD~1', 'a b', 'refs/heads/', 'x.lock', 'a//b'].map(revision => ({
    title: `the revision ${revision}`,
    text: git(`url: https://h/x, revision: "${revision}"`),
    expected: [['7:40', 'is not the name of a branch'] as const],
  })),
  ...['../x', '/x', 'a/../../b', '~/x', 'a\\\\..\\\\b'].map(path => ({
    title: `the path ${path} in a repository`,
    text: git(`url: https://h/x, revision: main, path: "${path}"`),
    expected: [['7:52', 'leads out of the repository'] as const],
  })),
  {
    title: 'a configuration outside the folder',
    text: `${folder}    config: [../b/*.yaml]\n`,
    expected: [['8:14', 'leads out of the folder of the stack']],
  },
  {
    title: 'a webhook without encryption',
    text: notify('webhook: { url: "http://hooks.example.com", secret: { env: S } }'),
    expected: [['9:21', 'is not encrypted', 'https']],
  },
  {
    title: 'a webhook with a password',
    text: notify('webhook: { url: "https://a:hunter2@example.com", secret: { env: S } }'),
    expected: [['9:21', 'holds a user name or password']],
  },
  {
    title: 'a webhook that nothing signs',
    text: notify('webhook: { url: "https://example.com" }'),
    expected: [['9:5', 'has no `secret`', 'signs each notice']],
  },
  {
    title: 'a Slack address in the file',
    text: notify('slack: { url: "https://hooks.slack.com/x" }'),
    expected: [['9:19', 'is text; it must be a map']],
  },
  {
    title: 'an event that there is not',
    text: notify('{ exec: [page], events: [failed] }'),
    expected: [['9:30', '"failed" is not a valid event', 'failing']],
  },
  {
    title: 'two targets of a notifier',
    text: notify('{ exec: [page], slack: { url: { env: S } } }'),
    expected: [['9:', 'has both `slack` and `exec`']],
  },
]

for (const { title, text, others, expected } of rows) {
  t.test(`refuses ${title}`, async t => {
    const read = await reading(t, text, others)
    if (read.ok) {
      t.fail('it was read')
      return
    }
    t.equal(read.diagnostics.length, expected.length, renderDiagnostics(read.diagnostics))
    for (const [index, [place, message, hint = '']] of expected.entries()) {
      const found = read.diagnostics[index]
      t.ok(
        `${found?.line ?? 0}:${found?.column ?? 0}`.startsWith(place),
        `${place}: ${JSON.stringify(found)}`,
      )
      t.ok(found?.message.includes(message), `${message}: ${found?.message ?? ''}`)
      t.ok((found?.hint ?? '').includes(hint), `${hint}: ${found?.hint ?? ''}`)
    }
    t.notMatch(renderDiagnostics(read.diagnostics), /hunter2|flux_ci_a{24}/, 'nothing of a secret')
  })
}

t.test('draws the line and what is wrong in it', async t => {
  const read = await reading(t, `${folder}    mod: apply\n`)
  t.equal(
    read.ok ? '' : renderDiagnostics(read.diagnostics),
    `fleet.yaml:8:5: error: Unknown property "mod" in \`stacks[0]\`
 8 |     mod: apply
   |     ^^^
   = Did you mean \`mode\`? Known here: name, folder, git, config, account, mode, interval, jitter, windows, priority, owner, programs, and 1 more.`,
  )
})

t.test('counts what it does not show, where a million things are wrong', async t => {
  const entries = Array.from({ length: 5_000 }, (_, index) => `  - { name: s${index}, foldr: x }\n`)
  const read = await reading(t, `${oneAccount}stacks:\n${entries.join('')}`)
  t.match(read, { ok: false, diagnostics: { length: 1_000 } })
  t.ok(!read.ok && read.omitted > 1_000)
})

t.test('says of a file that is not there how to name one', async t => {
  const { readFleet } = await import('../../src/file/read-fleet.ts')
  const read = await readFleet('nowhere.yaml', { cwd: '/' })
  t.match(read, {
    ok: false,
    diagnostics: [{ message: 'There is no such file', hint: 'Name the fleet file with --fleet.' }],
  })
})
