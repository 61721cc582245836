import { playFleet } from './rooms.ts'

await playFleet(1, 3)
