import type { Block } from '../../config/yaml-block.ts'
import { keyIdPattern, stackPattern } from '../../config/new-configuration.ts'
import { type Environment, environments } from '../../model/environment.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { permissionLabels, shownPermissions } from '../../model/permission-labels.ts'
import { type Permission, permissionDescriptions } from '../../model/permission.ts'
import type { Prompts } from '../../runtime/prompts.ts'
import { escapeControls } from '../../render/text/escape.ts'
import { plural } from '../../model/plural.ts'

/** What the platform has to offer; null where nobody is logged in. */
export interface Offered {
  readonly projects: readonly string[]
  /** Keys that no stack owns. */
  readonly keys: readonly LiveKey[]
  readonly now: number
}

/** What is wrong with the name of a stack; null where nothing is. */
export function stackProblem(name: string): string | null {
  return stackPattern.test(name)
    ? null
    : 'Use lower-case letters, digits and hyphens, at most 40, such as acme-agents'
}

export async function askStack(prompts: Prompts, usual: string): Promise<string> {
  const nameOf = (answer: string) => (answer.trim() === '' ? usual : answer.trim())
  return nameOf(
    await prompts.line('Name of the stack:', answer => stackProblem(nameOf(answer)), usual, usual),
  )
}

async function askScope(prompts: Prompts, offered: Offered | null): Promise<string | readonly string[]> {
  if (offered === null || offered.projects.length === 0) return 'all'
  const choices = [
    { value: 'all', label: 'All projects' },
    { value: 'some', label: 'Some projects' },
  ] as const
  if ((await prompts.one('Which projects may it use?', choices, 'some')) === 'all') return 'all'
  const projects = offered.projects.map(value => ({ value, label: escapeControls(value) }))
  return [...(await prompts.some('Projects:', projects, []))].sort()
}

/** A key to begin with; null where nobody wants one. */
export async function askFirstKey(prompts: Prompts, offered: Offered | null): Promise<Block | null> {
  const wanted = await prompts.one(
    'Declare a first key?',
    [
      { value: 'yes', label: 'Yes', hint: 'apply makes it and delivers its secret' },
      { value: 'no', label: 'No', hint: 'An example is written as a comment' },
    ],
    'yes',
  )
  if (wanted === 'no') return null
  const usual = 'ci-pipeline'
  const idOf = (answer: string) => (answer.trim() === '' ? usual : answer.trim())
  const checkId = (answer: string) =>
    keyIdPattern.test(idOf(answer))
      ? null
      : 'Use lower-case letters, digits, hyphens and underscores, at most 63, such as ci-pipeline'
  const name = idOf(await prompts.line('Its key id, which stays for good:', checkId, usual, usual))
  const environment = await prompts.one<Environment>(
    'Where is it used?',
    environments.map(value => ({ value, label: value })),
    'ci',
  )
  const scope = await askScope(prompts, offered)
  const permissions = await prompts.some<Permission>(
    'What may it do?',
    shownPermissions.map(value => ({
      value,
      label: permissionLabels[value],
      hint: permissionDescriptions[value],
    })),
    ['read_scenarios', 'upload_results'],
  )
  const value = { name, environment, scope, permissions: [...permissions].sort() }
  return { name, value, comment: 'What the platform shows is its name; the key id above it stays for good.' }
}

/** Live keys that the configuration is to take over. */
export async function askAdopted(prompts: Prompts, offered: Offered | null): Promise<readonly LiveKey[]> {
  if (offered === null || offered.keys.length === 0) return []
  const { keys } = offered
  const which = await prompts.one(
    `The account has ${plural(keys.length, 'unmanaged key')}. Take over some?`,
    [
      { value: 'none', label: 'No, leave them alone' },
      { value: 'some', label: 'Choose which', hint: 'Their secrets stay as they are' },
      { value: 'all', label: 'All of them' },
    ],
    'none',
  )
  if (which === 'none') return []
  if (which === 'all') return keys
  const choices = keys.map(({ id, name }) => ({
    value: id,
    label: `${escapeControls(name)} (${escapeControls(id)})`,
  }))
  const picked = await prompts.some('Keys:', choices, [])
  return keys.filter(({ id }) => picked.includes(id))
}
