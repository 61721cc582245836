import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from './measure.ts'

const env = { CHECKPOINT_DISABLE: '1' }

/** The version of the `terraform` on the PATH; null where there is none. */
export function terraformVersion(): string | null {
  const { status, stdout } = spawnSync('terraform', ['version', '-json'], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return status === 0 ? (JSON.parse(stdout) as { terraform_version: string }).terraform_version : null
}

/** What it took where it was measured: with nothing else to do, Node 20 on the same machine 22 ms for `node -e 0`. */
export const recordedTerraform =
  'Terraform 1.11, recorded on an idle machine of 2 cores: 170 ms and 85 MB for 100 resources, 1,535 ms and 219 MB for 1,000, 17,247 ms and 1,570 MB for 10,000'

const permissions = ['read_results', 'read_scenarios', 'upload_results']

function input(index: number) {
  return {
    name: `Service ${String(index).padStart(5, '0')}`,
    description: `Uploads the results of service ${index} every night`,
    environment: ['ci', 'dev', 'stg', 'prod'][index % 4] ?? 'ci',
    scope: ['customer-support-bot', 'sales-assistant'],
    permissions,
  }
}

const texts = (count: number) => ['tuple', Array<string>(count).fill('string')]
const type = [
  'object',
  { name: 'string', description: 'string', environment: 'string', scope: texts(2), permissions: texts(3) },
]

function block(index: number): string {
  const lines = Object.entries(input(index)).map(([name, value]) => `    ${name} = ${JSON.stringify(value)}`)
  return `resource "terraform_data" "service_${index}" {\n  input = {\n${lines.join('\n')}\n  }\n}\n`
}

function resource(index: number) {
  const value = { value: input(index), type }
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
  const attributes = { id, input: value, output: value, triggers_replace: null }
  return {
    mode: 'managed',
    type: 'terraform_data',
    name: `service_${index}`,
    provider: 'provider["terraform.io/builtin/terraform"]',
    instances: [{ schema_version: 0, attributes, sensitive_attributes: [] }],
  }
}

/**
 * Terraform's plan with nothing to do, of as many resources with as many fields. They are of the provider that is inside Terraform, so there is no
 * network, and no other process: less than a plan of real keys would take.
 */
export async function terraformPlan(count: number, version: string, folder: string): Promise<Program> {
  const cwd = join(folder, `terraform-${count}`)
  await mkdir(cwd)
  const indexes = Array.from({ length: count }, (_, index) => index)
  await writeFile(join(cwd, 'main.tf'), indexes.map(block).join('\n'))
  const resources = indexes.map(resource)
  const head = { version: 4, terraform_version: version, serial: 1, lineage: 'bench', outputs: {} }
  await writeFile(join(cwd, 'terraform.tfstate'), JSON.stringify({ ...head, resources }))
  return {
    command: 'terraform',
    args: ['plan', '-input=false', '-detailed-exitcode', '-lock=false', '-no-color'],
    cwd,
    env,
  }
}
