// What editors complete, by the language server that most of them run, over its standard input and output.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { builtInRules } from '../../src/model/audit-rule.ts'
import { allPermissions } from '../../src/model/permission.ts'
import { presetNames } from '../../src/model/presets/presets.ts'
import { load } from './support.ts'
import { yamlLanguageServer } from '../support/yaml-language-server.ts'

const head = `# yaml-language-server: $schema=../schemas/fluxloop-keys.schema.json
version: 1
stack: acme
`
const key = `keys:
  ci:
    name: CI
    scope: all
    expires: 90d
`
const granted = [...allPermissions, '"*"', 'role:NAME']
const stores = ['env-file', 'age-file', 'exec', ...presetNames]

/** By title: a text with a bar where somebody types, and what has to be offered. */
const places: Readonly<Record<string, readonly [text: string, offered: readonly string[]]>> = {
  'permissions in brackets': [`${key}    permissions: [|]\n`, granted],
  'permissions in brackets, begun': [`${key}    permissions: [re|]\n`, granted],
  'permissions in brackets, after another': [`${key}    permissions: [read_scenarios, |]\n`, granted],
  'permissions in a block': [`${key}    permissions:\n      - |\n`, granted],
  'permissions in a block, begun': [`${key}    permissions:\n      - re|\n`, granted],
  'permissions in a block, after another': [
    `${key}    permissions:\n      - read_scenarios\n      - |\n`,
    granted,
  ],
  'permissions of a key in braces': ['keys: { ci: { permissions: [|] } }\n', granted],
  'permissions of a role in brackets': ['roles:\n  runner: [|]\n', granted],
  'permissions of a role in a block': ['roles:\n  runner:\n    - |\n', granted],
  'permissions that a policy allows': [
    'policy:\n  environments:\n    prod:\n      allow: [|]\n',
    allPermissions,
  ],
  'permissions that a policy denies': [
    'policy:\n  environments:\n    prod:\n      deny:\n        - |\n',
    allPermissions,
  ],
  'the permission of an exception': [
    `${key}    exceptions:\n      - rule: no-expiry\n        permission: |\n`,
    [...allPermissions, '"*"'],
  ],
  'the rule of an exception': [`${key}    exceptions:\n      - rule: |\n`, builtInRules],
  'the rule of an exception in braces': [`${key}    exceptions: [{ rule: e| }]\n`, builtInRules],
  'severities by rule': ['policy:\n  severity:\n    |\n', builtInRules],
  'the store of a key': [
    `${key}    store: |\n`,
    ['keychain', ...stores.map(name => `${name} with its settings`)],
  ],
  'the store of a key, on a line of its own': [
    `${key}    store:\n      |\n`,
    ['keychain', ...stores].map(name => `${name} with its settings`),
  ],
  'one of several stores': [
    `${key}    store:\n      - |\n`,
    ['keychain', ...stores, ...stores.map(name => `${name} with its settings`)],
  ],
  'the store of defaults': ['defaults:\n  store:\n    - |\n', ['keychain', ...stores]],
}

t.test(
  'an editor completes permissions, rules and stores at every place, and takes what validate takes',
  async t => {
    const server = await yamlLanguageServer(t, fileURLToPath(new URL('../../examples', import.meta.url)))
    for (const [title, [text, offered]] of Object.entries(places)) {
      const labels = (await server.complete(head + text)).map(({ label }) => label)
      t.strictSame(
        offered.filter(label => !labels.includes(label)),
        [],
        title,
      )
      t.notMatch(labels.join('\n'), /object Object/, title)
    }
    const whole = `${head}${key}    permissions: [role:runner]\nroles: { runner: [read_results] }\n`
    // What a snippet puts in, with the texts that stand in it.
    const before = whole.replace('    permissions', '    store:\n      |\n    permissions')
    const snippets = (await server.complete(before)).filter(({ label }) =>
      label.endsWith('with its settings'),
    )
    t.equal(snippets.length, stores.length + 1)
    for (const { label, insertText } of snippets) {
      const put = insertText.replace(/\$\{\d+:((?:[^\\}]|\\.)*)\}/g, '$1').replace(/\\(.)/g, '$1')
      const text = before.replace('|', put.replaceAll('\n', '\n      '))
      t.strictSame(await server.diagnose(text), [], label)
      const loaded = await load({ 'a.yaml': text })
      t.ok(loaded.ok, `${label}: ${JSON.stringify(loaded)}`)
    }
    t.strictSame(await server.diagnose(whole), [])
    t.match(await server.diagnose(whole.replace('role:runner', 'reed_results')), [/read_results/])
  },
)
