import {
  type Command,
  allowPathFlag,
  allowUnmaskedFlag,
  configurationFlag,
  connecting,
  connectionFlags,
  jsonFlag,
} from './command.ts'
import type { Flag, Flags } from './flags.ts'

const quietFlag: Flag = { name: 'quiet', text: 'Print the secret alone, for scripts' }
const forceFlag: Flag = { name: 'force', text: 'Skip confirmation prompt' }
const forceSelfFlag: Flag = {
  name: 'force-self',
  text: 'Allow it for the very key that this command uses',
}

function reference(flags: Flags): string {
  return flags.words[0] ?? ''
}

const create: Command = {
  name: 'apikeys create',
  text: 'Create a new API key; asks for what is missing where there is a terminal',
  flags: [
    { name: 'name', value: '<name>', text: 'Key name (required, where nobody can be asked)' },
    { name: 'description', value: '<desc>', text: 'Key description' },
    { name: 'scope', value: '<projects>', text: 'Comma-separated list of projects (default: all)' },
    {
      name: 'permissions',
      value: '<perms>',
      text: 'Comma-separated list of permissions, or * (default: read_scenarios,upload_results,create_scenarios)',
    },
    {
      name: 'expires',
      value: '<duration>',
      text: 'Expiration duration (30d, 90d, 1y, never), or a date (default: 90d)',
    },
    {
      name: 'environment',
      value: '<env>',
      text: 'dev, stg, prod or ci (default: the platform goes by the name)',
    },
    {
      name: 'store',
      value: '<store>',
      text: 'Deliver the secret instead of printing it: keychain, env-file:PATH[:VARIABLE], age-file:PATH:RECIPIENT or age-file:PATH:IDENTITY; may be given several times',
    },
    { name: 'no-clipboard', text: 'Do not copy the secret to the clipboard' },
    jsonFlag,
    quietFlag,
    allowUnmaskedFlag,
    ...connectionFlags,
  ],
  examples: [
    'apikeys create',
    'apikeys create --name "Production Key" --scope "customer-support-bot" --permissions "read_scenarios,upload_results" --expires 90d',
    'apikeys create --name "Read Only" --permissions "read_scenarios" --expires never',
    'apikeys create --name "Admin Key" --scope "*"',
    'apikeys create --name "Nightly" --environment ci --store env-file:.env',
    'apikeys create --name "Deploy" --quiet | gh secret set FLUXLOOP_API_KEY',
  ],
  run: async (flags, context) => {
    const { runCreate } = await import('../commands/apikeys/create.ts')
    const options = {
      name: flags.text('name'),
      description: flags.text('description'),
      scope: flags.text('scope'),
      permissions: flags.text('permissions'),
      expires: flags.text('expires'),
      environment: flags.text('environment'),
      stores: flags.list('store'),
      clipboard: !flags.refused('clipboard'),
      json: flags.on('json'),
      quiet: flags.on('quiet'),
      allowUnmasked: flags.on('allow-unmasked'),
      ...connecting(flags),
    }
    return await runCreate(options, context)
  },
}

const update: Command = {
  name: 'apikeys update',
  text: 'Update an existing API key; only what is given changes',
  takes: '<key-id>',
  flags: [
    { name: 'name', value: '<name>', text: 'New key name' },
    { name: 'description', value: '<desc>', text: 'New description' },
    { name: 'scope', value: '<projects>', text: 'Update project scope' },
    { name: 'permissions', value: '<perms>', text: 'Update permissions' },
    { name: 'expires', value: '<duration>', text: 'Update expiration, counted from now' },
    jsonFlag,
    configurationFlag,
    ...connectionFlags,
  ],
  examples: [
    'apikeys update key_abc123 --name "Production Key (Updated)"',
    'apikeys update key_abc123 --permissions "read_scenarios,upload_results,create_scenarios"',
    'apikeys update key_abc123 --expires 1y',
  ],
  run: async (flags, context) => {
    const { runUpdate } = await import('../commands/apikeys/update.ts')
    const options = {
      reference: reference(flags),
      name: flags.text('name'),
      description: flags.text('description'),
      scope: flags.text('scope'),
      permissions: flags.text('permissions'),
      expires: flags.text('expires'),
      json: flags.on('json'),
      config: flags.list('config'),
      ...connecting(flags),
    }
    return await runUpdate(options, context)
  },
}

const regenerate: Command = {
  name: 'apikeys regenerate',
  aliases: ['rotate'],
  text: 'Regenerate (rotate) an API key: a new secret at once, and the end of the old one',
  takes: '<key-id>',
  flags: [
    forceFlag,
    forceSelfFlag,
    jsonFlag,
    quietFlag,
    allowUnmaskedFlag,
    configurationFlag,
    allowPathFlag,
    ...connectionFlags,
  ],
  examples: ['apikeys regenerate key_abc123', 'apikeys regenerate key_abc123 --force'],
  run: async (flags, context) => {
    const { runRegenerate } = await import('../commands/apikeys/regenerate.ts')
    const options = {
      reference: reference(flags),
      force: flags.on('force'),
      forceSelf: flags.on('force-self'),
      json: flags.on('json'),
      quiet: flags.on('quiet'),
      allowUnmasked: flags.on('allow-unmasked'),
      config: flags.list('config'),
      allowPath: flags.list('allow-path'),
      ...connecting(flags),
    }
    return await runRegenerate(options, context)
  },
}

const remove: Command = {
  name: 'apikeys delete',
  aliases: ['revoke'],
  text: 'Delete an API key for good',
  takes: '<key-id>',
  flags: [forceFlag, forceSelfFlag, configurationFlag, ...connectionFlags],
  examples: ['apikeys delete key_abc123', 'apikeys delete key_abc123 --force'],
  run: async (flags, context) => {
    const { runDelete } = await import('../commands/apikeys/delete.ts')
    const options = {
      reference: reference(flags),
      force: flags.on('force'),
      forceSelf: flags.on('force-self'),
      config: flags.list('config'),
      ...connecting(flags),
    }
    return await runDelete(options, context)
  },
}

export const apikeysWriting: readonly Command[] = [create, update, regenerate, remove]
