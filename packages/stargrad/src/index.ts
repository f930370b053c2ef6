export * from "@stargrad/graph";
export * from "@stargrad/tensor";
export * from "@stargrad/autograd";
export * from "@stargrad/nn";
export * from "@stargrad/optim";
export * from "@stargrad/io";
export * from "@stargrad/datasets";
export * from "@stargrad/train";
