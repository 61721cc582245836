// Writes docs/reference.md from the definitions of the commands; a test compares the two. `npm run reference`.
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { groups } from '../src/cli/command.ts'
import { commands } from '../src/cli/commands.ts'
import { configurationPage } from '../src/cli/configuration-help.ts'
import { commandPage } from '../src/cli/help.ts'
import { topics } from '../src/cli/topics.ts'
import { auditRules, builtInRules } from '../src/model/audit-rule.ts'
import type { HelpPage, HelpSection } from '../src/render/text/help-text.ts'

const file = fileURLToPath(new URL('../docs/reference.md', import.meta.url))

function cell(text: string): string {
  return text
    .trim()
    .replaceAll('|', String.raw`\|`)
    .replaceAll('<', '&lt;')
    .replaceAll('*', String.raw`\*`)
}

function term(text: string): string {
  return `\`${text.trim().replaceAll('|', String.raw`\|`)}\``
}

const notRun = '<!-- not run: test/commands/api-keys-page.test.ts reads every example as the program does -->'

function sectionText({ title, rows = [], examples = [], lines = [] }: HelpSection): string {
  const table = rows.map(row => `| ${term(row.term)} | ${cell(row.text)} |`)
  return [
    ...(rows.length === 0 ? [] : [`| ${title} | |`, '| --- | --- |', ...table]),
    ...(examples.length === 0
      ? []
      : [notRun, '', '```sh', ...examples.map(line => `fluxloop-keys ${line}`), '```']),
    ...(lines.length === 0 ? [] : ['```yaml', ...lines, '```']),
  ].join('\n')
}

function pageText(page: HelpPage, depth: string): string {
  return [
    `${depth} ${page.title}`,
    page.summary.replace(/(?<!\.)$/, '.'),
    ...page.about,
    ...(page.usage.length === 0
      ? []
      : [['```text', ...page.usage.map(line => `fluxloop-keys ${line}`), '```'].join('\n')]),
    ...page.sections.map(sectionText),
  ].join('\n\n')
}

function rulesText(): string {
  const rows = builtInRules.map(id => {
    const { severity, needs, title } = auditRules[id]
    return `| [${id}](rules/${id}.md) | ${severity} | ${needs} | ${cell(title)} |`
  })
  return [
    '## rules',
    'What `audit` looks for. [Their pages](rules/README.md) say why, and what to do; a [policy](policy.md) changes severities and adds rules.',
    ['| rule | severity | needs | what it finds |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n')
}

/** The schema of each document, by what its file says of itself. */
async function formatsText(): Promise<string> {
  const folder = new URL('../schemas/', import.meta.url)
  const names = (await readdir(folder)).filter(name => name.endsWith('.schema.json')).sort()
  const entries: string[] = []
  for (const name of names) {
    const { description } = JSON.parse(await readFile(new URL(name, folder), 'utf8')) as {
      description: string
    }
    entries.push(`- [${name}](../schemas/${name}): ${cell(description)}`)
  }
  return [
    '## JSON formats',
    'The shape of every document that is read or printed. [Output for programs](machine-output.md) says which command prints what, and [compatibility](compatibility.md) how they change.',
    entries.join('\n'),
  ].join('\n\n')
}

/** The whole page, formatted as every document is. */
export async function referencePage(): Promise<string> {
  const parts = [
    '# Reference',
    'Every command with its flags, the configuration, the environment, the exit codes, the rules and the JSON formats. This page is made from the definitions in `src` and `schemas` by `npm run reference`; `fluxloop-keys help COMMAND` shows the same.',
    ...groups.flatMap(group => [
      `## ${group.charAt(0).toUpperCase()}${group.slice(1)}`,
      ...commands
        .filter(command => command.group === group)
        .map(command => pageText(commandPage(command), '###')),
    ]),
    ...[configurationPage, ...Object.values(topics)].map(page => pageText(page, '##')),
    rulesText(),
    await formatsText(),
  ]
  return await format(parts.join('\n\n'), { ...(await resolveConfig(file)), parser: 'markdown' })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await referencePage()
  const before = await readFile(file, 'utf8').catch(() => null)
  if (before !== text) await writeFile(file, text)
}
