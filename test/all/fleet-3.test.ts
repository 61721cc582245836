import { playFleet } from './rooms.ts'

await playFleet(3, 3)
