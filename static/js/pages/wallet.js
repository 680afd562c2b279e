// The wallet and the shop, where packs stand in the page itself.
import { bindAllPacks } from "../packs.js";

bindAllPacks(document);
