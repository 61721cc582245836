import { playFleetDatabase } from './rooms.ts'

await playFleetDatabase()
