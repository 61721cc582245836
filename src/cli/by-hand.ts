import { Failure } from '../model/failure.ts'
import { type Command, defineCommand } from './command.ts'
import { type ValuesOf, choice, duration, list, text, textOrEmpty, toggle } from './flags.ts'
import { allowPath, allowUnmasked, config, connection, json } from './shared-flags.ts'

const group = 'by hand'

const quiet = toggle('Print the secret alone, for scripts')
const force = toggle('Skip confirmation prompt')
const forceSelf = toggle('Allow it for the very key that this command uses', { rare: true })

const selecting = {
  managed: toggle('Only keys that a stack of a configuration owns'),
  unmanaged: toggle('Only keys that no stack owns'),
}

function managedOnly({ managed, unmanaged }: ValuesOf<typeof selecting>): boolean | null {
  if (managed && unmanaged) {
    throw new Failure('usage', 'No key is both managed and unmanaged: give one flag', {
      hints: ['See: fluxloop-keys help apikeys list'],
    })
  }
  return managed === unmanaged ? null : managed
}

export const byHand: readonly Command[] = [
  defineCommand({
    name: 'apikeys list',
    group,
    summary: 'List all API keys',
    flags: {
      json,
      showKeys: toggle('Show partial key values (the last characters, as the platform masks them)'),
      ...selecting,
      unused: duration('<duration>', 'Only keys that nobody used for this long: 90d'),
      expiring: duration('<duration>', 'Only keys that end within that time: 14d'),
      project: text('<name>', 'Only keys that reach this project'),
      sort: choice(
        '<order>',
        ['created', 'name', 'expires', 'last-used'],
        'In which order (default created, newest first)',
      ),
      ...connection,
    },
    examples: [
      'apikeys list',
      'apikeys list --show-keys',
      'apikeys list --json',
      'apikeys list --unused 90d --sort last-used',
    ],
    run: async ({ flags }, context) => {
      const options = { ...flags, managed: managedOnly(flags), sort: flags.sort ?? 'created' }
      const { runList } = await import('../commands/apikeys/apikeys-list-command.ts')
      return await runList(options, context)
    },
  }),
  defineCommand({
    name: 'apikeys show',
    group,
    takes: '<key-id>',
    summary: 'Display details for a specific API key',
    flags: { json, ...connection },
    examples: [
      'apikeys show key_abc123',
      'apikeys show key_abc123 --json',
      'apikeys show "Production Deployment"',
    ],
    run: async ({ flags, argument: reference }, context) => {
      const { runShow } = await import('../commands/apikeys/apikeys-show-command.ts')
      return await runShow({ ...flags, reference }, context)
    },
  }),
  defineCommand({
    name: 'apikeys create',
    group,
    summary: 'Create a new API key; asks for what no flag says',
    flags: {
      name: text('<name>', 'Key name (required where nobody can be asked)'),
      description: textOrEmpty('<desc>', 'Key description'),
      scope: text('<projects>', 'Comma-separated list of projects (default: all)'),
      permissions: text(
        '<perms>',
        'Comma-separated list of permissions, or * (default: read_scenarios, upload_results, create_scenarios)',
      ),
      expires: text('<duration>', 'Expiration duration (30d, 90d, 1y, never), or a date (default: 90d)'),
      json,
      quiet,
      environment: text('<env>', 'dev, stg, prod or ci (default: the platform goes by the name)'),
      store: list(
        '<store>',
        'Deliver the secret instead of printing it: keychain, env-file:PATH[:VARIABLE], age-file:PATH:RECIPIENT or age-file:PATH:IDENTITY',
      ),
      noClipboard: toggle('Do not copy the secret to the clipboard'),
      ...connection,
      allowUnmasked,
    },
    examples: [
      'apikeys create',
      'apikeys create --name "Production Key" --scope "customer-support-bot" --permissions "read_scenarios,upload_results" --expires 90d',
      'apikeys create --name "Read Only" --permissions "read_scenarios" --expires never',
      'apikeys create --name "Admin Key" --scope "*"',
      'apikeys create --name "Nightly" --environment ci --store env-file:.env',
      'apikeys create --name "Deploy" --quiet | gh secret set FLUXLOOP_API_KEY',
    ],
    run: async ({ flags }, context) => {
      const { runCreate } = await import('../commands/apikeys/apikeys-create-command.ts')
      return await runCreate({ ...flags, stores: flags.store, clipboard: !flags.noClipboard }, context)
    },
  }),
  defineCommand({
    name: 'apikeys update',
    group,
    takes: '<key-id>',
    summary: 'Update an existing API key; only what is given changes',
    flags: {
      name: text('<name>', 'New key name'),
      description: textOrEmpty('<desc>', 'New description; "" clears it'),
      scope: text('<projects>', 'Update project scope'),
      permissions: text('<perms>', 'Update permissions'),
      expires: text('<duration>', 'Update expiration, counted from now'),
      json,
      config,
      ...connection,
    },
    examples: [
      'apikeys update key_abc123 --name "Production Key (Updated)"',
      'apikeys update key_abc123 --permissions "read_scenarios,upload_results,create_scenarios"',
      'apikeys update key_abc123 --expires 1y',
    ],
    run: async ({ flags, argument: reference }, context) => {
      const { runUpdate } = await import('../commands/apikeys/apikeys-update-command.ts')
      return await runUpdate({ ...flags, reference }, context)
    },
  }),
  defineCommand({
    name: 'apikeys regenerate',
    group,
    aliases: ['apikeys rotate'],
    takes: '<key-id>',
    summary: 'Regenerate (rotate) an API key',
    about: [
      'It gets a new secret, and the old one ends at the same moment. For a change without an outage: fluxloop-keys rotate.',
    ],
    flags: { force, json, quiet, config, ...connection, forceSelf, allowUnmasked, allowPath },
    examples: ['apikeys regenerate key_abc123', 'apikeys regenerate key_abc123 --force'],
    run: async ({ flags, argument: reference }, context) => {
      const { runRegenerate } = await import('../commands/apikeys/apikeys-regenerate-command.ts')
      return await runRegenerate({ ...flags, reference }, context)
    },
  }),
  defineCommand({
    name: 'apikeys delete',
    group,
    aliases: ['apikeys revoke'],
    takes: '<key-id>',
    summary: 'Delete an API key for good',
    flags: { force, config, ...connection, forceSelf },
    examples: ['apikeys delete key_abc123', 'apikeys delete key_abc123 --force'],
    run: async ({ flags, argument: reference }, context) => {
      const { runDelete } = await import('../commands/apikeys/apikeys-delete-command.ts')
      return await runDelete({ ...flags, reference }, context)
    },
  }),
  defineCommand({
    name: 'projects list',
    group,
    summary: 'List the projects that the credential in use can reach',
    flags: { json, ...connection },
    examples: ['projects list', 'projects list --json'],
    run: async ({ flags }, context) => {
      const { runProjectsList } = await import('../commands/projects/projects-list-command.ts')
      return await runProjectsList(flags, context)
    },
  }),
]
