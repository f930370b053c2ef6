// Prints the names of the transcendental primitives of one number, for which make.py computes golden values.

import { primitives, unaryNames } from "@stargrad/graph";

console.log(unaryNames.filter((name) => primitives[name].transcendental).join("\n"));
