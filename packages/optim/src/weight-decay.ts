/** How weight decay enters an update: as part of the gradient, or by shrinking the weights apart from it. */
export function weightDecayOf({
  weightDecay,
  decoupledWeightDecay,
}: {
  readonly weightDecay: number;
  readonly decoupledWeightDecay: boolean;
}) {
  const decays = weightDecay !== 0;
  return {
    decaysInGradient: decays && !decoupledWeightDecay,
    decaysApart: decays && decoupledWeightDecay,
  };
}
