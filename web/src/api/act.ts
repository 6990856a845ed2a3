import { useMutation } from "@tanstack/react-query";

import { toast, toastProblem } from "@/components/ui/toast";

import { key, queryClient } from "./queries";

type Options<Args, Result> = {
  done?: string | ((result: Result, args: Args) => string);
  refresh?: string[]; // first parts of the keys of queries that are old now
  onDone?: (result: Result, args: Args) => void;
  undo?: (args: Args) => void;
  quiet?: boolean; // the screen shows the problem itself
};

/** A write: tells that it was done or why not, and has the lists behind it read again. */
export function useAct<Args, Result>(run: (args: Args) => Promise<Result>, options: Options<Args, Result> = {}) {
  return useMutation({
    mutationFn: run,
    onSuccess: async (result, args) => {
      const { done, refresh = [], onDone, undo } = options;
      if (done) toast(typeof done === "function" ? done(result, args) : done, { undo: undo && (() => undo(args)) });
      onDone?.(result, args);
      await Promise.all(refresh.map((name) => queryClient.invalidateQueries({ queryKey: key(name) })));
    },
    onError: (error) => {
      if (!options.quiet) toastProblem(error);
    },
  });
}
