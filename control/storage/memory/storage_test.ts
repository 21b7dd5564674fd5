import { storageContract } from "../contract_suite.ts";
import { MemoryStorage } from "./storage.ts";

storageContract("MemoryStorage", async () => ({ storage: new MemoryStorage() }));
