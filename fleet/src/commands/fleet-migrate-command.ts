import { requireDatabaseUrl } from '../../../src/commands/fleet/database-url.ts'
import type { FleetPackage } from '../../../src/commands/fleet/fleet-package.ts'
import { jsonText } from '../../../src/render/text/json.ts'
import { connect } from '../database/connect.ts'
import { type MigrationStep, migrate, planMigration } from '../database/migrate.ts'

const words = { expand: 'adds what is new', contract: 'removes what only older versions use' } as const

function stepText({ name, part }: MigrationStep): string {
  return `${name}: ${words[part]}`
}

/** Brings the tables of the database to this version. Rejects with a Failure where it cannot. */
export const migrateFleet: FleetPackage['migrateFleet'] = async ({ contract, dryRun, json }, context) => {
  const { env, stdout, stderr } = context
  const connection = connect(requireDatabaseUrl(env), { most: 2 })
  try {
    const steps = dryRun
      ? await planMigration(connection, { contract })
      : await migrate(connection, {
          contract,
          onRetry: (step, { message }) => stderr.print(`Trying ${step.name} again. ${message}`),
        })
    if (json) stdout.print(jsonText({ format_version: '1.0', dry_run: dryRun, steps }))
    else if (steps.length === 0) stdout.print('The tables are those of this version.')
    else
      stdout.print([dryRun ? 'To be done:' : 'Done:', ...steps.map(step => `  ${stepText(step)}`)].join('\n'))
    return 0
  } finally {
    await connection.close()
  }
}
