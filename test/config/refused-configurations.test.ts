import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'

import type { DiagnosticCode } from '../../src/model/diagnostic.ts'
import { load } from './support.ts'

interface Row {
  readonly title: string
  /** One file `a.yaml`, or several; a `head` stands before a text that starts with a space. */
  readonly input: string | Readonly<Record<string, string | Uint8Array>>
  readonly paths?: readonly string[]
  /** All of them, in order: code, `file:line:column`, a part of the message, a part of the hint. */
  readonly expected: readonly (readonly [DiagnosticCode, string, string, string?])[]
}

const head = 'version: 1\nstack: acme\n'
/** Lines 1 to 7 of a valid file; what a row adds to the key `ci` starts at line 8. */
const key = `${head}keys:\n  ci:\n    name: CI\n    scope: all\n    permissions: [read_results]\n`
const valid = `${key}    expires: 90d\n`
const temporary = (entry: string) => valid.replace('[read_results]', `[read_results, ${entry}]`)
const longText = 'x'.repeat(480)
const publicKey = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='
const privateKey = generateKeyPairSync('ed25519')
  .privateKey.export({ format: 'der', type: 'pkcs8' })
  .toString('base64')

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...'bcdefg'.split('').map((name, index) => {
    const before = 'abcdef'[index] ?? ''
    return `${name}: &${name} [${Array<string>(10).fill(`*${before}`).join(', ')}]`
  }),
].join('\n')

const rows: readonly Row[] = [
  {
    title: 'numbers and truth values where text belongs, with the text of the file in the hint',
    input: `${key.replace('name: CI', 'name: 0123')}    expires: 90d\n    owner: 1.0\n    description: True\n    adopt: 1e3\n`,
    expected: [
      ['wrong-type', 'a.yaml:5:11', 'a number', 'Put it in quotes: "0123".'],
      ['wrong-type', 'a.yaml:9:12', 'a number', 'Put it in quotes: "1.0".'],
      ['wrong-type', 'a.yaml:10:18', 'true or false', 'Put it in quotes: "True".'],
      ['wrong-type', 'a.yaml:11:12', 'a number', 'Put it in quotes: "1e3".'],
    ],
  },
  ...["'$HOME/agents/.env'", "'${BRANCH}.env'", "'a/$branch/.env'", "'%USERPROFILE%/.env'"].map(path => ({
    title: `an environment variable in the path ${path}`,
    input: `${valid}    store: { env-file: { path: ${path}, name: K } }\n`,
    expected: [['variable-in-path', 'a.yaml:9:32', 'nothing here fills in', '~/'] as const],
  })),
  {
    title: 'an environment variable in the paths of an age file, and a placeholder with a dollar',
    input: `${valid}    store: { age-file: { path: "secrets/\${key}.age", identity: $HOME/id } }\n`,
    expected: [
      ['variable-in-path', 'a.yaml:9:32', '`${key}`', 'Write {key}, without the dollar.'],
      ['variable-in-path', 'a.yaml:9:64', '`$HOME`'],
    ],
  },
  {
    title: 'an age recipient with a slip in it, or cut',
    input: `${valid}    store:
      - age-file: { path: a.age, recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p, age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q] }
      - keychain: { fallback: { age-file: { path: b.age, recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac] } } }
`,
    expected: [
      ['bad-recipient', 'a.yaml:10:111', 'cac8q" is not an age recipient: its checksum', 'age-keygen -y'],
      ['bad-recipient', 'a.yaml:11:71', 'mcac" is not an age recipient'],
    ],
  },
  {
    title: 'an environment variable in the name of a variable',
    input: `${valid}    store: { env-file: { path: .env, name: "KEY_\${BRANCH}" } }\n`,
    expected: [['bad-value', 'a.yaml:9:44', 'not a variable name']],
  },
  // Files.
  { title: 'an empty file', input: '', expected: [['empty-file', 'a.yaml:1:1', 'empty', 'version: 1']] },
  { title: 'a file of comments', input: '# nothing\n', expected: [['empty-file', 'a.yaml:1:1', 'empty']] },
  {
    title: 'no YAML',
    input: 'hello, world\n',
    expected: [['wrong-type', 'a.yaml:1:1', 'The file is text; it must be a map']],
  },
  {
    title: 'a list at the top',
    input: '- ci\n',
    expected: [['wrong-type', 'a.yaml:1:1', 'The file is a list']],
  },
  {
    title: 'a NUL byte',
    input: { 'a.yaml': new Uint8Array([0x61, 0, 0x62]) },
    expected: [['binary', 'a.yaml:1:1', 'NUL']],
  },
  {
    title: 'text in Latin-1',
    input: { 'a.yaml': new Uint8Array([0x61, 0x3a, 0x20, 0xe9]) },
    expected: [['not-utf-8', 'a.yaml:1:1', 'not UTF-8', 'UTF-8']],
  },
  {
    title: 'UTF-16',
    input: { 'a.yaml': new Uint8Array([0xff, 0xfe, 0x61, 0]) },
    expected: [['not-utf-8', 'a.yaml:1:1', 'UTF-16']],
  },
  {
    title: 'a file above 16 MB',
    input: { 'a.yaml': new Uint8Array(16 * 1024 * 1024 + 1) },
    expected: [['too-large', 'a.yaml:1:1', '16 MB', 'Split']],
  },
  {
    title: 'a missing file',
    input: valid,
    paths: ['b.yaml'],
    expected: [['missing-file', 'b.yaml:1:1', 'no such file']],
  },
  {
    title: 'a glob without match',
    input: valid,
    paths: ['x*.yaml'],
    expected: [['no-files', 'x*.yaml:1:1', 'No file matches']],
  },
  {
    title: 'a folder without YAML',
    input: { 'd/x.txt': '', 'd/.hidden.yaml': valid },
    paths: ['d'],
    expected: [['no-files', 'd:1:1', 'no *.yaml']],
  },
  {
    title: 'no configuration at the standard places',
    input: valid,
    paths: [],
    expected: [['no-files', '.:1:1', 'fluxloop-keys.yaml']],
  },

  // YAML.
  {
    title: 'a tab as indentation',
    input: `${head}keys:\n\tci: 1\n`,
    expected: [['syntax', 'a.yaml:4:1', 'tab', 'spaces']],
  },
  {
    title: 'an asterisk without quotes',
    input: 'a: [*]\n',
    expected: [['syntax', 'a.yaml:1:5', 'lias', '"*"']],
  },
  {
    title: 'two mistakes on two lines',
    input: 'a: b: c\nd: "x" y\n',
    expected: [
      ['syntax', 'a.yaml:1:4', 'Nested', 'quotes'],
      ['syntax', 'a.yaml:2:8', 'Unexpected'],
    ],
  },
  { title: 'a reserved character', input: 'a: @x\n', expected: [['syntax', 'a.yaml:1:4', '@', 'quotes']] },
  {
    title: 'a duplicate property',
    input: `${head}stack: b\n`,
    expected: [['duplicate-property', 'a.yaml:3:1', '`stack` stands twice']],
  },
  {
    title: 'a custom tag',
    input: `version: !!int 1\nstack: !env X\n`,
    expected: [['custom-tag', 'a.yaml:2:8', '!env']],
  },
  {
    title: 'a tag directive',
    input: `%TAG ! tag:x,2000:\n---\n${head}`,
    expected: [['custom-tag', 'a.yaml:1:1', 'directive']],
  },
  { title: 'YAML 1.1', input: `%YAML 1.1\n---\n${head}`, expected: [['custom-tag', 'a.yaml:1:1', '1.2']] },
  {
    title: 'a merge key',
    input: `${head}<<: { a: 1 }\n`,
    expected: [['merge-key', 'a.yaml:3:1', '1.2', 'defaults']],
  },
  { title: 'an unknown alias', input: 'a: *b\n', expected: [['bad-alias', 'a.yaml:1:4', '*b']] },
  {
    title: 'an alias inside its own anchor',
    input: 'a: &x [*x]\n',
    expected: [['bad-alias', 'a.yaml:1:8', 'own anchor']],
  },
  {
    title: 'an alias bomb',
    input: bomb,
    expected: [['too-many-aliases', 'a.yaml:6:12', 'more than 250000']],
  },
  {
    title: 'a second document',
    input: `${head}---\na: 1\n`,
    expected: [['several-documents', 'a.yaml:3:1', 'several']],
  },
  {
    title: 'a list as property name',
    input: `${head}? [a]\n: 1\n`,
    expected: [['wrong-type', 'a.yaml:3:3', 'plain text']],
  },
  {
    title: 'wrong names, which hide no other error of the file',
    input: `${head}? [a]\n: 1\nkeys:\n  ci:\n    <<: { scope: all }\n    name: x\n    name: y\n    colour: red\n    scope: all\n    permissions: [role:none]\n    expires: 2027-02-30\n`,
    expected: [
      ['wrong-type', 'a.yaml:3:3', 'plain text'],
      ['merge-key', 'a.yaml:7:5', '<<'],
      ['duplicate-property', 'a.yaml:9:5', '`name` stands twice'],
      ['unknown-property', 'a.yaml:10:5', 'colour'],
      ['undeclared-role', 'a.yaml:12:19', 'none'],
      ['no-such-day', 'a.yaml:13:14', '2027-02-30'],
    ],
  },
  {
    title: 'a prototype as property',
    input: `${head}__proto__: { version: 2 }\n`,
    expected: [['unknown-property', 'a.yaml:3:1', '__proto__']],
  },

  // Shape.
  {
    title: 'an unknown property',
    input: `${valid}    permisions: []\n`,
    expected: [['unknown-property', 'a.yaml:9:5', 'permisions', 'Did you mean `permissions`?']],
  },
  {
    title: 'an unknown property in a flow map',
    input: `${valid}    rotate: { max: 3d }\n`,
    expected: [['unknown-property', 'a.yaml:9:15', 'keys.ci.rotate', 'Known here: maxAge']],
  },
  {
    title: 'a property that is missing',
    input: `${head}keys:\n  ci: { name: x, scope: all, expires: 1y }\n`,
    expected: [['missing-property', 'a.yaml:4:3', '`keys.ci` has no `permissions`']],
  },
  {
    title: 'a key without a value',
    input: `${head}keys:\n  ci:\n`,
    expected: [['wrong-type', 'a.yaml:4:3', '`keys.ci` is empty; it must be a map']],
  },
  {
    title: 'another version',
    input: 'version: 2\nstack: acme\n',
    expected: [['unknown-value', 'a.yaml:1:10', '2 is not a valid format version', 'Known here: 1']],
  },
  {
    title: 'a stack with capitals',
    input: 'version: 1\nstack: Acme\n',
    expected: [['bad-value', 'a.yaml:2:8', '"Acme" is not a stack name']],
  },
  {
    title: 'a path as key id',
    input: valid.replace('ci:', '../ci:'),
    expected: [['bad-value', 'a.yaml:4:3', '"../ci" is not a key id']],
  },
  {
    title: 'a name with a control character',
    input: valid.replace('name: CI', String.raw`name: "C\u001bI"`),
    expected: [['bad-value', 'a.yaml:5:11', 'not a name']],
  },
  {
    title: 'a name of 101 characters',
    input: valid.replace('name: CI', `name: ${'n'.repeat(101)}`),
    expected: [['bad-value', 'a.yaml:5:11', 'not a name', '100']],
  },
  {
    title: 'an environment that does not exist',
    input: `${valid}    environment: production\n`,
    expected: [['unknown-value', 'a.yaml:9:18', 'production', 'prod']],
  },
  {
    title: 'a scope that is a project',
    input: valid.replace('scope: all', 'scope: bot'),
    expected: [['unknown-value', 'a.yaml:6:12', '"bot"', '["bot"]']],
  },
  {
    title: 'an empty scope',
    input: valid.replace('scope: all', 'scope: []'),
    expected: [['bad-value', 'a.yaml:6:12', 'empty list']],
  },
  {
    title: 'empty permissions',
    input: valid.replace('[read_results]', '[]'),
    expected: [['bad-value', 'a.yaml:7:18', 'empty list']],
  },
  {
    title: 'permissions that are not a list',
    input: valid.replace('[read_results]', 'read_results'),
    expected: [['wrong-type', 'a.yaml:7:18', 'must be a list', '["read_results"]']],
  },
  {
    title: 'a negative duration',
    input: `${key}    expires: -90d\n`,
    expected: [['bad-value', 'a.yaml:8:14', 'above zero', '36h']],
  },
  {
    title: 'a duration of zero',
    input: `${valid}    rotate: { grace: 0h }\n`,
    expected: [['bad-value', 'a.yaml:9:22', 'above zero']],
  },
  {
    title: 'a duration without a unit',
    input: `${key}    expires: 90\n`,
    expected: [['wrong-type', 'a.yaml:8:14', 'is a number', '90d']],
  },
  {
    title: 'a duration in words',
    input: `${key}    expires: three months\n`,
    expected: [['bad-value', 'a.yaml:8:14', 'not an expiry', '36h']],
  },
  {
    title: 'a misspelt store',
    input: `${valid}    store: [keychian]\n`,
    expected: [['unknown-value', 'a.yaml:9:13', 'keychian', 'Did you mean `keychain`?']],
  },
  {
    title: 'a store by name that needs settings',
    input: `${valid}    store: env-file\n`,
    expected: [['bad-value', 'a.yaml:9:12', 'needs settings', 'env-file: {']],
  },
  {
    title: 'one branch of a store alone',
    input: `${valid}    store: { env-file: { path: x } }\n`,
    expected: [['missing-property', 'a.yaml:9:14', '`keys.ci.store.env-file` has no `name`']],
  },
  {
    title: 'two stores in one map',
    input: `${valid}    store: { keychain: {}, env-file: { path: x, name: X } }\n`,
    expected: [['bad-value', 'a.yaml:9:12', 'several stores', 'list']],
  },
  {
    title: 'a limit that is not a share',
    input: `${valid}limits: { revoke: 120% }\n`,
    expected: [['bad-value', 'a.yaml:9:19', '120%', '25%']],
  },
  {
    title: 'a signing key without a public key',
    input: `${valid}marker: { signingKey: { env: FLUXLOOP_KEYS_SIGNING_KEY } }\n`,
    expected: [['missing-property', 'a.yaml:9:1', '`marker` has no `publicKeys`']],
  },
  {
    title: 'a public key that is cut',
    input: `${valid}marker: { publicKeys: [MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZu=] }\n`,
    expected: [['bad-value', 'a.yaml:9:24', 'is not a public key', 'Ed25519']],
  },
  {
    title: 'a variable that programs would get',
    input: `${valid}marker: { publicKeys: [${publicKey}], signingKey: { env: SIGNING_KEY } }\n`,
    expected: [['bad-value', 'a.yaml:9:106', 'SIGNING_KEY', 'FLUXLOOP_KEYS_SIGNING_KEY']],
  },
  {
    title: 'the signing key itself',
    input: `${valid}marker: { publicKeys: [${publicKey}], signingKey: ${privateKey} }\n`,
    expected: [['wrong-type', 'a.yaml:9:99', '`marker.signingKey` is text', 'private key']],
  },
  {
    title: 'the private key for the public one',
    input: `${valid}marker: { publicKeys: [${privateKey}] }\n`,
    expected: [['bad-value', 'a.yaml:9:24', 'MC4CAQAwBQYDK2VwBCIEI***']],
  },
  {
    title: 'a policy that forbids what it does not know',
    input: `${valid}policy: { forbid: [widenning] }\n`,
    expected: [['unknown-value', 'a.yaml:9:20', 'widenning', 'widening']],
  },

  // Policies.
  {
    title: 'a temporary permission without a reason',
    input: temporary('{ permission: read_scenarios, until: 2027-01-31 }'),
    expected: [['missing-property', 'a.yaml:7:33', 'has no `reason`', 'Why the key has it for now']],
  },
  {
    title: 'a temporary role',
    input: temporary('{ permission: role:x, until: 2027-01-31, reason: x }'),
    expected: [['unknown-permission', 'a.yaml:7:47', 'no permission "role:x"']],
  },
  {
    title: 'a temporary permission until a day that there is not',
    input: temporary('{ permission: read_scenarios, until: 2027-02-30, reason: x }'),
    expected: [['no-such-day', 'a.yaml:7:70', '2027-02-30']],
  },
  {
    title: 'a temporary permission that the key has for good',
    input: `${head}roles: { all: ['*'] }
keys:
  ci: { name: CI, scope: all, expires: 9d, permissions: [role:all, { permission: manage_keys, until: 2027-01-31, reason: x }] }
`,
    expected: [['grant-without-effect', 'a.yaml:5:68', 'has manage_keys for good']],
  },
  {
    title: 'a temporary permission next to the same one',
    input: temporary('{ permission: read_results, until: 2027-01-31, reason: x }'),
    expected: [['bad-value', 'a.yaml:7:33', '`keys.ci.permissions` names the same thing twice', 'repeat']],
  },
  {
    title: 'a project twice',
    input: valid.replace('scope: all', 'scope: [a, b, a]'),
    expected: [['bad-value', 'a.yaml:6:19', '`keys.ci.scope` names the same thing twice']],
  },
  {
    title: 'a range of addresses with bits beyond its length',
    input: `${valid}    consumers: [{ name: a, addresses: [203.0.113.7/24] }]\n`,
    expected: [['bad-address', 'a.yaml:9:40', '203.0.113.7/24', '203.0.113.0/24']],
  },
  {
    title: 'an address that there is not',
    input: `${valid}    consumers: [{ name: a, addresses: ['1.2.3.4', '300.1.2.3'] }]\n`,
    expected: [['bad-address', 'a.yaml:9:51', '300.1.2.3']],
  },
  {
    title: 'two consumers of one name',
    input: `${valid}    consumers: [{ name: a }, { name: a }]\n`,
    expected: [['consumer-twice', 'a.yaml:9:38', 'another consumer "a"']],
  },
  {
    title: 'a break-glass rule that does not say for how long',
    input: `${valid}policy: { breakGlass: [{ who: ['*'], keys: ['*'], permissions: [read_results] }] }\n`,
    expected: [['missing-property', 'a.yaml:9:24', 'has no `maxFor`', 'For how long']],
  },
  {
    title: 'all permissions by break-glass',
    input: `${valid}policy: { breakGlass: [{ who: ['*'], keys: ['*'], permissions: ['*'], maxFor: 1h }] }\n`,
    expected: [['unknown-permission', 'a.yaml:9:65', 'no permission "*"']],
  },
  {
    title: 'nothing but temporary projects',
    input: valid.replace('scope: all', 'scope: [{ project: a, until: 2027-01-31, reason: x }]'),
    expected: [['grant-leaves-nothing', 'a.yaml:6:12', 'Every project of the key ends', 'expires: DATE']],
  },
  {
    title: 'an exception from a rule that there is not',
    input: `${valid}    exceptions: [{ rule: no-expirey, reason: x, until: 2027-01-31 }]\n`,
    expected: [['unknown-rule', 'a.yaml:9:26', 'no-expirey', 'no-expiry']],
  },
  {
    title: 'an exception from the end of exceptions',
    input: `${valid}    exceptions: [{ rule: exception-expired, reason: x, until: 2027-01-31 }]\n`,
    expected: [['unknown-rule', 'a.yaml:9:26', 'no exception from exception-expired']],
  },
  {
    title: 'an exception of more than a year',
    input: `${valid}    exceptions: [{ rule: no-expiry, reason: x, until: 2027-11-23 }]\n`,
    expected: [['exception-too-long', 'a.yaml:9:55', 'at most until 2027-11-22']],
  },
  {
    title: 'an exception until a day that there is not',
    input: `${valid}    exceptions: [{ rule: no-expiry, reason: x, until: 2027-02-30 }]\n`,
    expected: [['no-such-day', 'a.yaml:9:55', '2027-02-30']],
  },
  {
    title: 'an exception without a reason',
    input: `${valid}    exceptions: [{ rule: no-expiry, until: 2027-01-31 }]\n`,
    expected: [['missing-property', 'a.yaml:9:18', 'reason']],
  },
  {
    title: 'a severity of a rule that there is not',
    input: `${valid}policy: { severity: { mising-owner: high } }\n`,
    expected: [['unknown-property', 'a.yaml:9:23', 'mising-owner', 'missing-owner']],
  },
  {
    title: 'a severity that there is not',
    input: `${valid}policy: { failOn: hihg }\n`,
    expected: [['unknown-value', 'a.yaml:9:19', 'hihg', 'high']],
  },
  {
    title: 'a text that is empty',
    input: `${valid}prune: { keep: [""] }\n`,
    expected: [['bad-value', 'a.yaml:9:17', '`prune.keep[0]` is empty']],
  },
  {
    title: 'a text that is too long',
    input: `${valid}    adopt: ${'k'.repeat(201)}\n`,
    expected: [['bad-value', 'a.yaml:9:12', 'more than 200 characters']],
  },
  {
    title: 'an own rule with the name of a built-in one',
    input: `${valid}policy:\n  rules:\n    no-expiry: { when: 'true', message: x, severity: low }\n`,
    expected: [['rule-taken', 'a.yaml:11:5', 'built-in']],
  },
  ...(
    [
      ['a plain expression', 'desired.nam == "x"', 'a.yaml:12:21', 'No such key: nam'],
      ['an expression in single quotes', `'desired.nam == ''x'''`, 'a.yaml:12:22', 'nam'],
      [
        'an expression in double quotes',
        String.raw`"desired.name == \"\" && desired.nam == 1"`,
        'a.yaml:12:46',
        'nam',
      ],
      [
        'a literal block',
        '|\n        desired.name == "nam" &&\n        desired.nam == "x"',
        'a.yaml:14:17',
        'nam',
      ],
      [
        'a folded block',
        '>-\n        desired.name == "x" &&\n        desired.nam == "x"',
        'a.yaml:14:17',
        'nam',
      ],
      ['a type that does not fit', 'desired.name > 3', 'a.yaml:12:13', 'no such overload'],
      ['no answer of yes or no', 'desired.name', 'a.yaml:12:13', 'gives string'],
      [
        'a variable that there is not',
        'usage.total > 3 && kee.id == ""',
        'a.yaml:12:32',
        'Unknown variable: kee',
      ],
      ['half of an expression', 'desired.protect &&', 'a.yaml:12:29', 'Unexpected token'],
      ['a pattern, which may take for ever', 'desired.name.matches("a")', 'a.yaml:12:13', 'not offered'],
      [
        'three loops',
        'desired.projects.all(a, desired.projects.all(b, desired.projects.all(c, a == c)))',
        'a.yaml:12:61',
        'two loops',
      ],
    ] as const
  ).map(([title, when, place, message]): Row => ({
    title: `${title}, at its place in the file`,
    input: `${valid}policy:\n  rules:\n    mine:\n      when: ${when}\n      message: x\n      severity: low\n`,
    expected: [['bad-expression', place, message]],
  })),
  {
    title: 'facts of test cases that there are not',
    input: `${valid}policy:\n  rules:\n    mine:\n      when: desired.protect\n      message: x\n      severity: low\n      tests:\n        - { name: a, desired: { protekt: true }, finds: true }\n        - { name: b, key: { createdAt: soon }, usage: { total: 1.5 }, finds: true }\n`,
    expected: [
      ['bad-test-case', 'a.yaml:16:33', 'did you mean protect'],
      ['bad-test-case', 'a.yaml:17:40', 'key.createdAt is a date'],
      ['bad-test-case', 'a.yaml:17:64', 'usage.total is a whole number'],
    ],
  },
  {
    title: 'a policy that is not there, in a file or a package or the network',
    input: String.raw`${valid}extends: [./none.yaml, none, 'https://x.example/policy.yaml', 'C:\x']` + '\n',
    expected: [
      ['policy-source', 'a.yaml:9:11', 'no file ./none.yaml'],
      ['policy-source', 'a.yaml:9:24', 'not installed', 'npm install'],
      ['policy-source', 'a.yaml:9:30', 'not fetched from the network'],
      ['policy-source', 'a.yaml:9:63', 'neither a path nor the name'],
    ],
  },
  {
    title: 'policies that come from themselves',
    input: {
      'a.yaml': `${valid}extends: ./p/one.yaml\n`,
      'p/one.yaml': 'extends: ./two.yaml\n',
      'p/two.yaml': 'policy: {}\nextends: ./one.yaml\n',
    },
    paths: ['a.yaml'],
    expected: [['policy-cycle', 'p/two.yaml:2:10', 'p/one.yaml → p/two.yaml → p/one.yaml']],
  },
  {
    title: 'a shared policy with keys',
    input: {
      'a.yaml': `${valid}extends: ./p/one.yaml\n`,
      'p/one.yaml': 'stack: acme\npolicy: { failOn: hgh }\n',
    },
    paths: ['a.yaml'],
    expected: [
      ['policy-alone', 'p/one.yaml:1:1', 'not `stack`'],
      ['unknown-value', 'p/one.yaml:2:19', 'hgh', 'high'],
    ],
  },
  {
    title: 'a store by name alone that needs settings',
    input: `${valid}    store: pass\n`,
    expected: [['bad-value', 'a.yaml:9:12', 'needs settings', 'pass: { ... }']],
  },
  {
    title: 'a setting that a preset does not have',
    input: `${valid}    store: { pass: { path: a, name: B } }\n`,
    expected: [['unknown-property', 'a.yaml:9:31', '"name"']],
  },
  {
    title: 'a preset without its target',
    input: `${valid}    store: { github-actions: { name: KEY } }\n`,
    expected: [['preset-target', 'a.yaml:9:14', 'needs `repo` or `org`', 'Give one']],
  },
  {
    title: 'a preset with two targets',
    input: `${valid}    store: { gitlab-ci: { name: KEY, project: a/b, group: a } }\n`,
    expected: [['preset-target', 'a.yaml:9:14', 'not both', 'Give one']],
  },
  {
    title: 'a setting of a preset that its service would not take',
    input: `${valid}    store: { github-actions: { repo: a/b, name: github_key } }\n`,
    expected: [['preset-setting', 'a.yaml:9:49', '"github_key" cannot be the `name`', 'no GITHUB_ first']],
  },
  {
    title: 'a setting of a preset that its program would take for a flag',
    input: `${valid}    store: { pass: { path: --help } }\n`,
    expected: [['preset-setting', 'a.yaml:9:28', 'begins with a hyphen', 'flag']],
  },
  {
    title: 'a setting of a preset without the one that it belongs to',
    input: `${valid}    store: { github-actions: { repo: a/b, visibility: all, name: KEY } }\n`,
    expected: [['preset-setting', 'a.yaml:9:43', '`visibility` means nothing without `org`', 'Remove it']],
  },
  ...(
    [
      ['vault: { path: a, field: x }', 'vault: { mount: secret, path: a, field: y }', 'vault secret/a'],
      ['vault: { path: a/b }', 'vault: { mount: secret/, path: /a/b/ }', 'vault secret'],
      ['pass: { path: a/b }', 'pass: { path: a//b }', 'pass a'],
      [
        'github-actions: { repo: Acme/B, name: Key }',
        'github-actions: { repo: acme/b, name: KEY }',
        'github',
      ],
      ['gitlab-ci: { project: a/b, name: K }', 'gitlab-ci: { project: a/b, scope: "*", name: K }', 'gitlab'],
      [
        'github-actions: { org: a, visibility: all, name: K }',
        'github-actions: { org: a, name: K }',
        'organisation a',
      ],
    ] as const
  ).map(([one, other, place]): Row => ({
    title: `two keys at one place of a service, though written differently: ${other}`,
    input: `${valid}    store: { ${one} }\n  cd: { name: CD, scope: all, permissions: [read_results], expires: 90d, store: { ${other} } }\n`,
    expected: [['store-clash', 'a.yaml:9:12', place]],
  })),
  {
    title: 'a command with a placeholder that stands for nothing',
    input: `${valid}    store: { exec: { put: [save, '{kee}', 'jsonpath={.data}'] } }\n`,
    expected: [['unknown-placeholder', 'a.yaml:9:34', '{kee}', '{environment}']],
  },
  {
    title: 'a command with the environment of a key that has none',
    input: `${valid}    store: { exec: { put: [save, '{environment}'] } }\n`,
    expected: [['unknown-placeholder', 'a.yaml:9:34', 'stands for nothing', 'Give the key one']],
  },
  {
    title: 'two keys in one variable of one file, which each has among others',
    input: `${valid}    store: { env-file: { path: .env, name: [A, B] } }\n  cd: { name: CD, scope: all, permissions: [read_results], expires: 90d, store: { env-file: { path: .env, name: [C, B] } } }\n`,
    expected: [['store-clash', 'a.yaml:9:12', '(B)', '{key}']],
  },
  {
    title: 'two keys in two fields of one secret that is written as a whole',
    input: `${valid}    store: { vault: { path: a, field: b } }\n  cd: { name: CD, scope: all, permissions: [read_results], expires: 90d, store: { vault: { path: a, field: c } } }\n`,
    expected: [['store-clash', 'a.yaml:9:12', 'secret/a', '{key}']],
  },
  {
    title: 'two keys that a command puts at one place',
    input: `${valid}    store: { exec: { put: [save, x] } }\n  cd: { name: CD, scope: all, permissions: [read_results], expires: 90d, store: { exec: { put: [save, x] } } }\n`,
    expected: [['store-clash', 'a.yaml:9:12', 'exec save x', '{key}']],
  },

  // Meaning.
  {
    title: 'a former key id that is still declared',
    input: `${valid}    previously: cd\n  cd: { name: CD, scope: all, permissions: [read_results], expires: 90d }\n`,
    expected: [
      ['store-clash', 'a.yaml:4:3', 'acme/cd'],
      ['bad-rename', 'a.yaml:9:17', 'is declared itself'],
    ],
  },
  {
    title: 'a stack that was renamed from its own name',
    input: `${valid}formerly: [acme-bots, acme]\n`,
    expected: [['bad-rename', 'a.yaml:9:23', 'still called "acme"']],
  },
  {
    title: 'a former name of the stack that is not a name',
    input: `${valid}formerly: [Acme Bots]\n`,
    expected: [['bad-value', 'a.yaml:9:12', 'stack name']],
  },
  {
    title: 'an undeclared role',
    input: `${valid.replace('[read_results]', '[role:teser]')}roles: { tester: [read_results] }\n`,
    expected: [['undeclared-role', 'a.yaml:7:19', 'teser', 'role:tester']],
  },
  {
    title: 'a role in a role',
    input: `${valid}roles:\n  a: [read_results]\n  b: [role:a]\n`,
    expected: [['nested-role', 'a.yaml:11:7', 'not other roles']],
  },
  {
    title: 'an unknown permission',
    input: valid.replace('read_results', 'read_result'),
    expected: [['unknown-permission', 'a.yaml:7:19', 'read_result', 'Did you mean `read_results`?']],
  },
  {
    title: 'an unknown permission in a role',
    input: `${valid}roles:\n  a: [write]\n`,
    expected: [['unknown-permission', 'a.yaml:10:7', 'write']],
  },
  {
    title: 'a wildcard next to others',
    input: valid.replace('[read_results]', '[read_results, "*"]'),
    expected: [['wildcard-with-others', 'a.yaml:7:33', '`*`']],
  },
  {
    title: 'a wildcard that comes with a role',
    input: `${valid.replace('[read', '[role:a, read')}roles: { a: ["*"] }\n`,
    expected: [['wildcard-with-others', 'a.yaml:7:5', '`*`']],
  },
  {
    title: 'all next to projects',
    input: valid.replace('scope: all', 'scope: [bot, all]'),
    expected: [['all-with-projects', 'a.yaml:6:18', '"all"', 'scope: all']],
  },
  { title: 'no expiry at all', input: key, expected: [['missing-expiry', 'a.yaml:4:3', '`expires`']] },
  {
    title: 'a day that does not exist',
    input: `${key}    expires: 2027-02-29\n`,
    expected: [['no-such-day', 'a.yaml:8:14', '2027-02-29']],
  },
  {
    title: 'a date in the past',
    input: `${key}    expires: 2026-11-21\n`,
    expected: [['date-past', 'a.yaml:8:14', 'past']],
  },
  {
    title: 'a date that is today',
    input: `${key}    expires: 2026-11-22\n`,
    expected: [['date-past', 'a.yaml:8:14', 'past']],
  },
  {
    title: 'a renewal as long as the life',
    input: `${valid}    rotate: { renewBefore: 90d }\n`,
    expected: [['renewal-too-early', 'a.yaml:8:14', '90d, which is not less than the expiry of 90d']],
  },
  {
    title: 'a grace as long as the life',
    input: `${key}    expires: 36h\n`,
    expected: [['renewal-too-early', 'a.yaml:8:14', '2d (the grace']],
  },
  {
    title: 'a description that leaves no room for the marker',
    input: `${valid}    description: ${longText}\n`,
    expected: [['description-too-long', 'a.yaml:9:18', '480 characters', 'Shorten it by']],
  },
  {
    title: 'a description that looks like a marker',
    input: `${valid}    description: x [fk1 y]\n`,
    expected: [['marker-in-description', 'a.yaml:9:18', '[fk']],
  },
  {
    title: 'an unknown placeholder',
    input: `${valid}    store: { env-file: { path: "{kee}", name: X } }\n`,
    expected: [['unknown-placeholder', 'a.yaml:9:32', '{kee}', '{key}']],
  },
  {
    title: 'a variable that starts with a digit',
    input: `${valid.replace('ci:', '1st:')}    store: { env-file: { path: x, name: "{key}" } }\n`,
    expected: [['bad-variable-name', 'a.yaml:9:41', '1ST']],
  },
  {
    title: 'an age file for nobody',
    input: `${valid}    store: { age-file: { path: x } }\n`,
    expected: [['age-file-without-key', 'a.yaml:9:14', 'recipients']],
  },
  {
    title: 'one store twice at a key',
    input: `${valid}    store: [keychain, { keychain: {} }]\n`,
    expected: [['store-clash', 'a.yaml:9:23', 'this key too', 'Remove']],
  },
  {
    title: 'two keys that a default aims at one place',
    input: `${valid}  b: { name: b, scope: all, permissions: [read_results], expires: 1y }\ndefaults:\n  store: { env-file: { path: .env, name: X } }\n`,
    expected: [['store-clash', 'a.yaml:4:3', 'the key "b" too puts its secret (a.yaml:9)', '{key}']],
  },

  // Several files.
  {
    title: 'one key id in two files',
    input: { 'a.yaml': valid, 'b.yaml': valid },
    expected: [['duplicate-key', 'b.yaml:4:3', 'also declared in a.yaml:4']],
  },
  {
    title: 'one role in two files',
    input: { 'a.yaml': `${valid}roles: { r: [read_results] }\n`, 'b.yaml': 'roles: { r: [read_results] }\n' },
    expected: [['duplicate-role', 'b.yaml:1:10', 'a.yaml:9']],
  },
  {
    title: 'two stacks',
    input: { 'a.yaml': valid, 'b.yaml': 'stack: other\n' },
    expected: [['conflicting-blocks', 'b.yaml:1:8', '"acme" in a.yaml:2']],
  },
  {
    title: 'defaults in two files',
    input: { 'a.yaml': `${valid}defaults: {}\n`, 'b.yaml': 'defaults: {}\n' },
    expected: [['conflicting-blocks', 'b.yaml:1:1', 'a.yaml:9']],
  },
  {
    title: 'no stack',
    input: 'version: 1\n',
    expected: [['missing-stack', 'a.yaml:1:1', 'stack', 'stack: NAME']],
  },
  {
    title: 'no version',
    input: 'stack: acme\n',
    expected: [['missing-version', 'a.yaml:1:1', 'version', 'version: 1']],
  },
  {
    title: 'mistakes of every stage in three files, all at once and in order',
    input: {
      'a.yaml': valid.replace('read_results', 'role:none'),
      'b.yaml': 'stak: x\nkeys: 7\n',
      'c.yaml': '\tx: 1\n',
    },
    expected: [
      ['unknown-property', 'b.yaml:1:1', 'stak'],
      ['wrong-type', 'b.yaml:2:7', 'must be a map'],
      ['syntax', 'c.yaml:1:1', 'Tabs'],
    ],
  },
  {
    title: 'CRLF and a byte order mark, with the same columns',
    input: `\ufeff${key}    expires: soon\n`.replaceAll('\n', '\r\n'),
    expected: [['bad-value', 'a.yaml:8:14', 'soon']],
  },
]

for (const { title, input, paths, expected } of rows) {
  t.test(`refuses ${title}`, async t => {
    const loaded = await load(typeof input === 'string' ? { 'a.yaml': input } : input, paths)
    const found = loaded.ok ? [] : loaded.diagnostics
    t.same(
      found.map(one => [one.code, `${one.file}:${one.line}:${one.column}`]),
      expected.map(([code, place]) => [code, place]),
      JSON.stringify(found, null, 1),
    )
    for (const [index, [, , message, hint]] of expected.entries()) {
      t.match(found[index]?.message, message)
      if (hint !== undefined) t.match(found[index]?.hint, hint)
    }
  })
}

t.test('shows both places, where one thing is declared twice', async t => {
  const loaded = await load({ 'a.yaml': valid, 'b.yaml': `${valid}stack: x\n` })
  const twice = await load({ 'a.yaml': valid, 'b.yaml': valid })
  t.match(loaded, {
    diagnostics: [
      { code: 'duplicate-key' },
      { code: 'duplicate-property', line: 9, related: [{ file: 'b.yaml', line: 2, column: 1 }] },
    ],
  })
  t.match(twice, {
    diagnostics: [{ file: 'b.yaml', related: [{ file: 'a.yaml', line: 4, column: 3, sourceLine: '  ci:' }] }],
  })
})

t.test('reports a mistake once, where an alias or a default repeats it', async t => {
  const keys = ['a', 'b', 'c'].map(id => `  ${id}: { name: x, scope: all, permissions: [read_results]`)
  const alias = await load({
    'a.yaml': `${head}defaults: { expires: 1y }\nkeys:\n${keys.map((text, index) => `${text}, rotate: ${index === 0 ? '&r { grase: 1d }' : '*r'} }`).join('\n')}\n`,
  })
  t.match(alias, { diagnostics: [{ code: 'unknown-property', line: 5 }] })
  t.equal(alias.ok ? 0 : alias.diagnostics.length, 1)
  const shared = await load({
    'a.yaml': `${head}defaults: { expires: 2020-01-01 }\nkeys:\n${keys.join(' }\n')} }\n`,
  })
  t.match(shared, { diagnostics: [{ code: 'date-past', line: 3 }] })
  t.equal(shared.ok ? 0 : shared.diagnostics.length, 1)
})

t.test('repeats no secret, where somebody pasted one into the file', async t => {
  const secret = 'flux_ci_0123456789abcdefghij'
  const loaded = await load({
    'a.yaml': `${valid}    secret: ${secret}\n    expires: ${secret}\n    owner: [${secret}]\n`,
  })
  const second = await load({ 'a.yaml': `${key}    expires: ${secret}\n    ${secret}: x\n` })
  t.equal(loaded.ok || second.ok, false)
  t.notMatch(JSON.stringify([loaded, second]), '0123456789')
  t.match(JSON.stringify(second), 'flux_ci_' + '*'.repeat(20))
  const blocks = [
    '{ publicKeys: [#] }',
    '{ publicKeys: [#], signingKey: { env: # } }',
    '{ signingKey: # }',
    '{ #: 1 }',
  ]
  for (const block of blocks) {
    const pasted = await load({ 'a.yaml': `${valid}marker: ${block.replaceAll('#', privateKey)}\n` })
    t.notOk(pasted.ok)
    t.notMatch(JSON.stringify(pasted), privateKey.slice(-16), block)
  }
})
