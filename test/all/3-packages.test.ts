import { playPackages } from './rooms.ts'

await playPackages()
