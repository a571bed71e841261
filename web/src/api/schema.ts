// Made by `npm run gen` from ../services/api/openapi.json. Do not edit.
export interface paths {
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the questions */
        get: operations["approvals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a question */
        get: operations["approval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer a question
         * @description The first answer wins. It must repeat the digest and the nonce of the card, so that nothing else is allowed than
         *     what was seen. Allowing a command of high risk, or under a rule, needs the password to have been given within five
         *     minutes. No token can do this.
         *
         *     Where it is about a keyboard, a yes hands it to the run for the minutes on the card, and the run types.
         */
        post: operations["decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search the audit
         * @description Each page looks at a bounded part of it: go on while there is a `next_cursor`.
         */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download the audit
         * @description As JSON lines: the sealed head first, then each row with the texts exactly as they are hashed.
         */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check the audit
         * @description Every row is hashed again, and compared with the sealed head, with the shell hosts' journals, and with the head that is
         *     given.
         */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the conversations, the most recent first */
        get: operations["chats"];
        put?: never;
        /** Begin a conversation */
        post: operations["create_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a conversation */
        get: operations["chat"];
        put?: never;
        post?: never;
        /** Delete a conversation */
        delete: operations["delete_chat"];
        options?: never;
        head?: never;
        /** Rename a conversation */
        patch: operations["rename_chat"];
        trace?: never;
    };
    "/api/v1/chats/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what was said in a conversation
         * @description The newest page first; each page in the order in which it was said.
         */
        get: operations["messages"];
        put?: never;
        /**
         * Say something
         * @description Begins a run, unless one is at work in this conversation: that one reads it at its next turn. A token joins no run but its
         *     own.
         */
        post: operations["post_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chats/{id}/mode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the mode of a conversation
         * @description `plan`: what only reads runs, the rest is refused. `ask`: the rest is asked. `auto`: what a rule allows is not asked.
         *     `full`: for a stated time nothing is asked but what is denied, of high risk, names secrets or wants more privilege; it
         *     needs the password to have been given within five minutes.
         */
        put: operations["set_mode"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/elevated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show what may be asked for as root */
        get: operations["elevated"];
        /**
         * Set what may be asked for as root
         * @description `off`: nothing. `packages`: Debian packages, through one helper. `commands`: any command too. Whatever is asked for is of
         *     high risk and waits for the owner's own answer; no rule and no mode allows it. Allowing more needs the password to have
         *     been given within five minutes; allowing less does not.
         */
        put: operations["set_elevated"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the facts
         * @description With `Accept: text/event-stream` it is a stream that goes on after `Last-Event-ID`, or from now.
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/execs/unasked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what ran without a question
         * @description Under a rule, which is named, or in the mode `full`. What the policy allows anyway is not among them.
         */
        get: operations["unasked"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/execs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a command */
        get: operations["exec"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/halt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show whether everything is stopped */
        get: operations["halt"];
        /**
         * Stop everything, or let it go on
         * @description Every run that is at work is stopped, every command of the AI ended, also one that its run left running, and nothing begins
         *     by itself: no planned task, no heartbeat, no program with a token. It is answered when the commands are over. The owner's own messages are answered all the same. What was planned meanwhile begins afterwards
         *     where it is not too late for it.
         */
        put: operations["set_halt"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the shell hosts */
        get: operations["hosts"];
        put?: never;
        /**
         * Register a shell host
         * @description Makes the link key and the Redis user of another machine. Needs the password to have been given within five minutes.
         */
        post: operations["register_host"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a shell host
         * @description It can't sign in any more, and nothing is sent to it. What runs there is not ended; here it counts as lost.
         */
        delete: operations["revoke_host"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/probes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a test call */
        get: operations["probe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the providers */
        get: operations["providers"];
        put?: never;
        /** Add a provider */
        post: operations["add_provider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a provider
         * @description Owes one short real call; ask `/probes/{id}` or wait for the event `probe.ended`.
         */
        post: operations["test_provider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change a provider
         * @description With another address the key has to be given again: it never goes to a server it was not given for.
         */
        put: operations["change_provider"];
        post?: never;
        /** Remove a provider and its key */
        delete: operations["remove_provider"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{id}/default": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Use a provider by default */
        post: operations["make_default"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{id}/price": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the prices of a provider
         * @description They count from the next model call on; what was spent before stays as it was counted.
         */
        put: operations["set_price"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/push/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the devices that get notifications */
        get: operations["devices"];
        put?: never;
        /**
         * Add a device
         * @description A browser that comes again with the endpoint it had stays the same device.
         */
        post: operations["add_device"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/push/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a device */
        delete: operations["remove_device"];
        options?: never;
        head?: never;
        /** Give a device another name */
        patch: operations["rename_device"];
        trace?: never;
    };
    "/api/v1/push/devices/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try whether notifications arrive
         * @description Owes one to the device; whether its push service took it, the device's own `sent_at` and `failure` tell.
         */
        post: operations["try_device"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the queues */
        get: operations["queues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a queue
         * @description What is at work goes on, nothing new begins. It stays paused until it is resumed, also over a restart.
         */
        post: operations["pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resume a queue */
        post: operations["resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the rules
         * @description Those whose time or uses are over included; revoked ones not.
         */
        get: operations["rules"];
        put?: never;
        /**
         * Make a rule
         * @description What it allows runs without a question in conversations in mode `auto`. Never for interpreters, wrappers, network
         *     tools or what destroys. Needs the password to have been given within five minutes.
         */
        post: operations["add_rule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** See which commands of the past a rule would have allowed */
        post: operations["preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/suggestions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Suggest rules for what was allowed again and again
         * @description Never for what destroys, fetches, or runs other programs.
         */
        get: operations["suggestions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a rule and what used it */
        get: operations["rule"];
        /**
         * Change a rule
         * @description What was allowed under the version before and has not started is refused. Needs the password to have been given within
         *     five minutes.
         */
        put: operations["change_rule"];
        post?: never;
        /**
         * Revoke a rule
         * @description Nothing starts under it from now on, also what was allowed by it already.
         */
        delete: operations["revoke_rule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the runs, the newest first */
        get: operations["runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a run */
        get: operations["run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a run
         * @description The model is cut off, a waiting command is withdrawn, a running one is ended with all that it started; so is what a run
         *     that is over left running.
         */
        post: operations["stop_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show which services are up */
        get: operations["services"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["who"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change the password
         * @description Every other session is closed and every token revoked (A1).
         */
        put: operations["change_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/reauth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give the password again
         * @description For five minutes it opens what needs it: making tokens, and allowing a command of high risk.
         */
        post: operations["reauth"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the settings */
        get: operations["settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the settings
         * @description With `If-Match` only when nobody changed them meanwhile.
         */
        patch: operations["change_settings"];
        trace?: never;
    };
    "/api/v1/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the instance has an owner */
        get: operations["setup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/setup/claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Become the owner
         * @description Works once, with the code that was printed at the start. Afterwards this address does not exist.
         */
        post: operations["claim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/setup/practice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rehearse an approval
         * @description Begins a conversation in which the built-in demonstration asks for one harmless command.
         */
        post: operations["practice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the snapshots */
        get: operations["snapshots"];
        put?: never;
        /**
         * Make a snapshot now
         * @description Answers when it is made. It takes its place among the hourly ones.
         */
        post: operations["make_snapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a folder of a snapshot */
        get: operations["snapshot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the tasks */
        get: operations["tasks"];
        put?: never;
        /**
         * Plan a task
         * @description It begins by itself at its instant, in a conversation of its own and in the mode that is chosen here. Where it has to ask,
         *     it waits for the owner's answer; where no device of the owner can be reached, it ends and says so.
         */
        post: operations["plan_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a task */
        get: operations["task"];
        put?: never;
        post?: never;
        /**
         * Take a task back
         * @description What has begun is stopped with its run instead.
         */
        delete: operations["drop_task"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a task now
         * @description It works as it would have at its instant: by itself, in its own mode.
         */
        post: operations["begin_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the terminals, the newest first
         * @description A list shows what was last reported of each; a single one is asked of its host.
         */
        get: operations["terminals"];
        put?: never;
        /**
         * Open a terminal
         * @description A login shell of the owner. The answer's `state` is `running`; `refused` with a `detail` where the host would not open
         *     it; `opening` where the host has not answered yet.
         */
        post: operations["open_terminal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a terminal */
        get: operations["terminal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Rename a terminal */
        patch: operations["rename_terminal"];
        trace?: never;
    };
    "/api/v1/terminals/{id}/cast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download the recording of a terminal
         * @description As asciicast v2, for any player. What was typed while echo was off is not in it.
         */
        get: operations["cast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a terminal
         * @description It ends with all that it started. That it ended is told as the fact `terminal.ended`.
         */
        post: operations["close"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/hand": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hand the keyboard of a terminal to a run
         * @description For so many minutes, or until the owner presses a key or takes it back.
         */
        post: operations["hand"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the history of a terminal
         * @description Whose its keyboard was, when it waited for somebody, how it ended. Facts are kept for some days.
         */
        get: operations["history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/output": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the output of a terminal
         * @description The exact bytes from the recording. `Metatron-Offset` is the offset of the first one, `Metatron-End` how many there
         *     are in all so far, `Metatron-Ended` whether more will come.
         */
        get: operations["output"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/screen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the screen of a terminal
         * @description As it is now; as it was last, of one that has ended.
         */
        get: operations["screen"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search a terminal
         * @description In everything it has shown, line by line.
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer a password prompt
         * @description What is typed goes to no recording, log or model, and only while the program in front has turned echo off.
         */
        post: operations["secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/take": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take the keyboard of a terminal
         * @description Whoever holds it, the owner has it now. Any key the owner presses does the same.
         */
        post: operations["take"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the tokens */
        get: operations["tokens"];
        put?: never;
        /**
         * Make a token
         * @description Needs the password to have been given within five minutes. No token can approve, make tokens or change settings.
         */
        post: operations["add_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a token
         * @description It opens nothing from now on; what it had open is closed within seconds.
         */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}/mode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the mode of what a token begins
         * @description A conversation's own mode counts where it is stricter. Needs the password to have been given within five minutes.
         */
        put: operations["set_token_mode"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/undos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what was undone, the newest first */
        get: operations["undos"];
        put?: never;
        /**
         * Undo
         * @description Exactly what the preview showed, but for the conflicts that are not ticked. That it has ended is told as the fact
         *     `undo.ended`. What it changes is kept first, so that it can be undone itself.
         */
        post: operations["start_undo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/undos/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Show what an undo would do
         * @description Changes nothing. What somebody changed since is a conflict: it is left alone unless it is ticked.
         */
        post: operations["preview_undo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/undos/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show an undo */
        get: operations["undo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The author of an act. Stored and sent as one word, a token's with its id. */
        Actor: {
            /** @enum {string} */
            kind: "owner";
        } | {
            /** @enum {string} */
            kind: "ai";
        } | {
            /** @enum {string} */
            kind: "schedule";
        } | {
            /** @description Which one. */
            id: components["schemas"]["TokenId"];
            /** @enum {string} */
            kind: "token";
        };
        /** @description A question put to the owner. */
        Approval: {
            asked_at: components["schemas"]["Instant"];
            chat_id: components["schemas"]["ChatId"];
            chat_title: string;
            decided_at?: components["schemas"]["Instant"] | null;
            decided_by?: components["schemas"]["Actor"] | null;
            decided_from?: components["schemas"]["Place"] | null;
            /** @description What the answer must repeat: the digest of what was measured. */
            digest: string;
            effects?: components["schemas"]["Effects"] | null;
            exec?: components["schemas"]["Exec"] | null;
            /** @description When no answer means no. */
            expires_at: components["schemas"]["Instant"];
            hand?: components["schemas"]["HandAsk"] | null;
            id: components["schemas"]["ApprovalId"];
            measure?: components["schemas"]["Measure"] | null;
            /** @description While it waits: why there can be no rule for it. */
            no_rule?: string | null;
            /** @description What the answer must repeat: a word made for this question. */
            nonce: string;
            proposal?: components["schemas"]["Proposal"] | null;
            /** @description What the owner gave as a reason. */
            reason?: string | null;
            risk: components["schemas"]["Risk"];
            rule_id?: components["schemas"]["RuleId"] | null;
            /** @description Who began that run. */
            run_actor: components["schemas"]["Actor"];
            run_id: components["schemas"]["RunId"];
            state: components["schemas"]["ApprovalState"];
            taint?: components["schemas"]["Taint"] | null;
        };
        ApprovalId: string;
        /**
         * @description Where a question stands.
         * @enum {string}
         */
        ApprovalState: "waiting" | "allowed" | "denied" | "expired" | "withdrawn";
        /** @description A page of questions. */
        Approvals: {
            /**
             * Format: int64
             * @description Subscribe after this fact: nothing is lost between.
             */
            eid: number;
            items: components["schemas"]["Approval"][];
            next_cursor?: string | null;
        };
        /** @description For whom a command is asked. */
        Asker: {
            /** @description Who began the run. */
            actor: components["schemas"]["Actor"];
            /** @description The conversation. */
            chat: components["schemas"]["ChatId"];
        };
        /** @description A head of the audit. */
        AuditHead: {
            /**
             * Format: int64
             * @description How many rows.
             */
            count: number;
            /** @description The hash of the last. */
            hash: string;
        };
        /** @description A row of the audit. */
        AuditRow: {
            actor: components["schemas"]["Actor"];
            at: components["schemas"]["Instant"];
            chat_id?: string | null;
            /** @description The command it is about, as its own row has it; no part of the audit. */
            command?: string | null;
            /** @description Whether that text is another than the one that was proposed; known where the row has its digest. */
            command_changed?: boolean | null;
            /** @description Ids, states and digests. */
            data: Record<string, never>;
            /** @description SHA-256 over this row and the hash before it. */
            hash: string;
            /** @description What happened, such as `approval.decided`. */
            kind: string;
            run_id?: string | null;
            /**
             * Format: int64
             * @description Its place, from 1.
             */
            seq: number;
            /** @description The id of what it is about. */
            subject?: string | null;
        };
        /** @description A page of the audit. */
        AuditRows: {
            /** @description The newest first. With a filter a page may be short or empty although there is more. */
            items: components["schemas"]["AuditRow"][];
            next_cursor?: string | null;
        };
        /** @description What a check found. */
        AuditVerification: {
            checked_at: components["schemas"]["Instant"];
            /** @description Whether every witness answered. */
            complete: boolean;
            /**
             * Format: int64
             * @description How much is wrong in all.
             */
            finding_count: number;
            /** @description What is wrong, the first so many. */
            findings: components["schemas"]["Finding"][];
            /** @description Where the audit ends: note it elsewhere, and check against it later. */
            head: components["schemas"]["AuditHead"];
            /** @description Whether nothing is wrong, as far as could be seen. */
            ok: boolean;
            /**
             * @description Whether the last seal holds.
             * @enum {string}
             */
            seal: "holds" | "broken" | "missing";
            sealed_at?: components["schemas"]["Instant"] | null;
            /** @description What the shell hosts say. */
            witnesses: components["schemas"]["AuditWitness"][];
        };
        /** @description What a shell host says. */
        AuditWitness: {
            /** @description Whether it answered. */
            answered: boolean;
            /** @description Commands that it knows of. */
            commands: number;
            /** @description Where it and the audit do not agree. */
            doubts: components["schemas"]["Doubt"][];
            host: string;
        };
        /** @description A size as a client writes it. */
        Cells: {
            /**
             * Format: int32
             * @description Columns, 2 to 1000.
             */
            columns: number;
            /**
             * Format: int32
             * @description Rows, 1 to 500.
             */
            rows: number;
        };
        /** @description Another password. */
        ChangePasswordBody: {
            /** @description The present one. */
            current: components["schemas"]["Secret"];
            /**
             * Format: password
             * @description The new one: 10 characters at least.
             */
            password: string;
        };
        /** @description A conversation, as a list shows it. */
        Chat: {
            /** Format: double */
            cost_usd: number;
            created_at: components["schemas"]["Instant"];
            id: components["schemas"]["ChatId"];
            last_run?: components["schemas"]["LastRun"] | null;
            /** @description The beginning of the last thing said. */
            last_text: string;
            /** @description How much of what its runs want is asked. */
            mode: components["schemas"]["Mode"];
            mode_until?: components["schemas"]["Instant"] | null;
            planned_at?: components["schemas"]["Instant"] | null;
            title: string;
            updated_at: components["schemas"]["Instant"];
            /** @description Whether it waits for the owner. */
            waiting: boolean;
        };
        /** @description A conversation to begin. */
        ChatBody: {
            /** @description When absent or blank, it is named after its first message. */
            title?: string | null;
        };
        ChatId: string;
        /** @description A page of conversations. */
        Chats: {
            items: components["schemas"]["Chat"][];
            next_cursor?: string | null;
        };
        /** @description The claim. */
        ClaimBody: {
            /** @description The printed code; dashes and case don't matter. */
            code: components["schemas"]["Secret"];
            /** @description A BCP 47 language tag. */
            language?: string | null;
            /**
             * Format: password
             * @description The owner's password: 10 characters at least.
             */
            password: string;
            /** @description An IANA time zone. */
            timezone?: string | null;
        };
        /** @description What the claim made. */
        Claimed: {
            owner: components["schemas"]["Owner"];
        };
        /** @description What a client sends. */
        ClientFrame: {
            /**
             * Format: int64
             * @description Facts after this one; from now on when absent.
             */
            after?: number | null;
            from?: components["schemas"]["From"] | null;
            /**
             * Format: int64
             * @description Repeated in the reply.
             */
            id: number;
            /** @enum {string} */
            op: "sub";
            /** @description The topic. */
            topic: string;
        } | {
            /**
             * Format: int64
             * @description Repeated in the reply.
             */
            id: number;
            /** @enum {string} */
            op: "unsub";
            /** @description The topic. */
            topic: string;
        } | {
            /**
             * Format: int64
             * @description Repeated in the reply.
             */
            id: number;
            /** @enum {string} */
            op: "ping";
        } | {
            /**
             * Format: int64
             * @description Repeated in the reply.
             */
            id: number;
            /** @enum {string} */
            op: "resize";
            /** @description Its new size. */
            size: components["schemas"]["Cells"];
            /** @description The terminal's topic. */
            topic: string;
        } | {
            chat?: components["schemas"]["ChatId"] | null;
            /** @description Which device. */
            device: components["schemas"]["DeviceId"];
            /**
             * Format: int64
             * @description Repeated in the reply.
             */
            id: number;
            /** @enum {string} */
            op: "visible";
        } | {
            /**
             * Format: int64
             * @description Repeated in the reply.
             */
            id?: number | null;
            /** @enum {string} */
            op: "auth";
            /** @description An API token. */
            token: string;
        };
        /**
         * @description Why a request was refused: stable, for programs.
         * @enum {string}
         */
        Code: "bad_json" | "bad_request" | "secret_in_url" | "not_signed_in" | "wrong_password" | "claim_code_wrong" | "claim_code_expired" | "claim_needs_tls" | "origin_refused" | "scope_missing" | "owner_only" | "reauth_required" | "not_found" | "method_not_allowed" | "request_timeout" | "not_claimed" | "approval_already_decided" | "approval_expired" | "digest_mismatch" | "run_ended" | "chat_busy" | "task_begun" | "halted" | "provider_builtin" | "terminal_ended" | "host_revoked" | "host_exists" | "join_unavailable" | "no_password_asked" | "undo_gone" | "token_shown_once" | "conflict" | "changed_meanwhile" | "body_too_large" | "unsupported_media_type" | "unknown_host" | "invalid_field" | "unknown_field" | "idempotency_key_reused" | "too_many_attempts" | "internal" | "storage_busy" | "storage_unwritable" | "redis_unavailable" | "shell_unavailable" | "terminal_busy";
        /**
         * @description Why a path is left alone unless the owner ticks it.
         * @enum {string}
         */
        Conflict: "changed" | "newer";
        /** @description How many paths of a preview there are of each sort, conflicts included. */
        Counts: {
            /**
             * Format: int32
             * @description Paths that get their owner, rights or time back.
             */
            attributes: number;
            /**
             * Format: int64
             * @description Bytes that come back.
             */
            bytes: number;
            /**
             * Format: int32
             * @description Those among all of them that are left alone unless they are ticked.
             */
            conflicts: number;
            /**
             * Format: int32
             * @description Paths that come back.
             */
            create: number;
            /**
             * Format: int32
             * @description Paths that go.
             */
            remove: number;
            /**
             * Format: int32
             * @description Files and links that get their content back.
             */
            restore: number;
        };
        /** @description The owner's answer. */
        DecisionBody: {
            /** @description With `allow_rule`: the conversation works in mode `auto` from now on, so that the rule counts there. */
            auto?: boolean;
            /** @description With `edit`: the exact text that shall count, 64 KiB at most. */
            command?: string | null;
            /**
             * @description What the owner answers.
             * @enum {string}
             */
            decision: "allow_once" | "allow_rule" | "edit" | "deny";
            /** @description The digest on the card. */
            digest: string;
            /** @description The nonce of the card. */
            nonce: string;
            /** @description Why, for the model to read. */
            reason?: string | null;
            rule?: components["schemas"]["RuleBody"] | null;
        };
        /** @description More of a turn's text. */
        DeltaFrame: {
            /** Format: int32 */
            attempt: number;
            ev: components["schemas"]["DeltaKind"];
            /**
             * Format: int64
             * @description The offset of `text` in the turn's text, in UTF-8 bytes.
             */
            offset: number;
            text: string;
            topic: string;
            /** Format: int32 */
            turn: number;
        };
        /**
         * @description `delta`.
         * @enum {string}
         */
        DeltaKind: "delta";
        /** @description A device that gets notifications. */
        Device: {
            created_at: components["schemas"]["Instant"];
            /** @description Why the last message did not arrive. */
            failure?: string | null;
            id: components["schemas"]["DeviceId"];
            name: string;
            sent_at?: components["schemas"]["Instant"] | null;
            /** @description The push service it is reached by. */
            service: string;
        };
        /** @description A device as its browser describes it. */
        DeviceBody: {
            /** @description `endpoint` of the subscription. */
            endpoint: string;
            keys: components["schemas"]["DeviceKeys"];
            /** @description 1 to 80 characters. */
            name: string;
        };
        DeviceId: string;
        /** @description `keys` of a subscription. */
        DeviceKeys: {
            /** @description Its authentication secret, in base64url. */
            auth: string;
            /** @description The device's public key, in base64url. */
            p256dh: string;
        };
        /** @description Another name. */
        DeviceName: {
            /** @description 1 to 80 characters. */
            name: string;
        };
        /** @description Every device, and what a browser needs to become one. */
        Devices: {
            items: components["schemas"]["Device"][];
            /** @description `applicationServerKey`, in base64url; absent until a worker has made it. */
            public_key?: string | null;
        };
        /** @description Something that only one of the two says. */
        Doubt: {
            /** @description The command. */
            exec_id: components["schemas"]["ExecId"];
            /** @enum {string} */
            what: "start_not_audited";
        } | {
            /** @description The command. */
            exec_id: components["schemas"]["ExecId"];
            /** @enum {string} */
            what: "end_not_audited";
        } | {
            /** @description The command. */
            exec_id: components["schemas"]["ExecId"];
            /** @enum {string} */
            what: "start_not_journalled";
        } | {
            /** @description The command. */
            exec_id: components["schemas"]["ExecId"];
            /** @enum {string} */
            what: "end_not_journalled";
        };
        /** @description Who holds the keyboard of a terminal. There is one, and nobody else's keys reach it. */
        Driver: {
            /** @enum {string} */
            by: "owner";
        } | {
            /** @enum {string} */
            by: "ai";
            /** @description Whether it has to wait, because a program asks for a password. */
            paused?: boolean;
            /** @description Which run. */
            run: components["schemas"]["RunId"];
            until?: components["schemas"]["Instant"] | null;
        };
        /** @description What a command would do. `None` and [`Effects::unknown`] mean: not known, and the card says so. */
        Effects: {
            /**
             * @description Paths that are deleted.
             * @default []
             */
            deletes: string[];
            /**
             * @description Whether it uses the network.
             * @default null
             */
            network: boolean | null;
            /**
             * @description Whether it installs or removes packages.
             * @default null
             */
            packages: boolean | null;
            /**
             * @description Whether it asks for more privilege.
             * @default null
             */
            privilege: boolean | null;
            /**
             * @description Programs that run, by name, wrappers included.
             * @default []
             */
            programs: string[];
            /**
             * @description Paths that are read.
             * @default []
             */
            reads: string[];
            /**
             * @description Whether it can be undone.
             * @default null
             */
            reversible: boolean | null;
            /**
             * @description Secrets whose values it would get, by name: none by its words, which name no secret.
             * @default null
             */
            secrets: string[] | null;
            /**
             * @description Places that hold secrets, devices or processes, as far as its words name them.
             * @default []
             */
            sensitive: string[];
            /**
             * @description Whether it starts, stops or changes services, schedules or whatever else runs by itself.
             * @default null
             */
            services: boolean | null;
            /**
             * @description What could not be told, in words.
             * @default []
             */
            unknown: string[];
            /**
             * @description Paths that are written or created.
             * @default []
             */
            writes: string[];
        };
        /** @description What may be asked for as root. */
        Elevated: {
            level: components["schemas"]["ElevatedLevel"];
            /**
             * @description Whether the shell service beside this one runs as root, without which nothing else can; absent while it can't be
             *     asked.
             */
            possible?: boolean | null;
            since?: components["schemas"]["Instant"] | null;
        };
        /** @description What may be asked for as root from now on. */
        ElevatedBody: {
            level: components["schemas"]["ElevatedLevel"];
        };
        /**
         * @description What may be asked for as root at all; off until the owner, with the password, says more.
         * @enum {string}
         */
        ElevatedLevel: "off" | "packages" | "commands";
        /** @description A request was refused. */
        ErrorFrame: {
            /** @description Why. */
            error: components["schemas"]["Problem"];
            /**
             * Format: int64
             * @description The request's id, as far as it could be read; absent where keys are refused.
             */
            id?: number | null;
            /** @description The topic of the terminal whose keys are refused. */
            topic?: string | null;
        };
        /** @description A fact, as it travels on the stream of events and to clients. */
        Event: {
            /** @description Who did it. */
            actor: components["schemas"]["Actor"];
            /** @description When. */
            at: components["schemas"]["Instant"];
            chat_id?: components["schemas"]["ChatId"] | null;
            /** @description Ids, states and digests; never a prompt, a command's output or a secret. */
            data?: unknown;
            /**
             * Format: int64
             * @description The row number in `SQLite`: resume after it.
             */
            eid: number;
            run_id?: components["schemas"]["RunId"] | null;
            /** @description The id of the thing that changed. */
            subject?: string | null;
            /** @description What happened. */
            type: components["schemas"]["EventKind"];
        };
        /**
         * @description What can happen. The room is the part in front of the dot.
         * @enum {string}
         */
        EventKind: "owner.claimed" | "session.opened" | "session.closed" | "login.failed" | "chat.created" | "chat.updated" | "chat.deleted" | "message.added" | "run.queued" | "run.started" | "run.waiting" | "run.stopping" | "run.ended" | "exec.proposed" | "exec.approved" | "exec.started" | "exec.ended" | "approval.asked" | "approval.decided" | "approval.expired" | "approval.withdrawn" | "approval.edited" | "rule.changed" | "mode.changed" | "elevated.changed" | "run.tainted" | "provider.changed" | "probe.ended" | "token.changed" | "setting.changed" | "queue.changed" | "service.up" | "terminal.created" | "terminal.opened" | "terminal.updated" | "terminal.drive" | "terminal.waits" | "terminal.ended" | "host.changed" | "push.changed" | "undo.started" | "undo.ended" | "task.planned" | "task.begun" | "task.ended" | "halt.changed" | "tick.done";
        /** @description A page of facts. */
        Events: {
            items: components["schemas"]["Event"][];
            /**
             * Format: int64
             * @description Ask again after this one.
             */
            next: number;
        };
        /** @description One command of the AI. */
        Exec: {
            approval_id?: components["schemas"]["ApprovalId"] | null;
            /** @description The exact text for the shell. */
            command: string;
            /** @description The working folder as it was resolved; before that, as it was asked for. */
            cwd?: string | null;
            /** @description What the AI had asked for, where the owner changed it. */
            edited_from?: string | null;
            ended_at?: components["schemas"]["Instant"] | null;
            error?: components["schemas"]["ExecError"] | null;
            exit?: components["schemas"]["Exit"] | null;
            forecast?: components["schemas"]["Forecast"] | null;
            host: string;
            id: components["schemas"]["ExecId"];
            /**
             * Format: int32
             * @description Its place in the turn, from 0.
             */
            index: number;
            /** @description Whether the AI means to type into its terminal; it asks for the keyboard before it does. */
            interactive: boolean;
            kept?: components["schemas"]["Kept"] | null;
            /**
             * Format: int64
             * @description Bytes of output in all.
             */
            output_bytes: number;
            /** @description What the model was shown of the output. */
            output_text?: string | null;
            /** @description With whose power it runs. */
            power: components["schemas"]["Power"];
            reasons: string[];
            run_id: components["schemas"]["RunId"];
            started_at?: components["schemas"]["Instant"] | null;
            state: components["schemas"]["ExecState"];
            terminal_id: components["schemas"]["TerminalId"];
            /** Format: int32 */
            timeout_s: number;
            /** @description Whether the text is less than everything. */
            truncated: boolean;
            /** Format: int32 */
            turn: number;
            under?: components["schemas"]["Under"] | null;
            /** @description The Unix user; known once it was measured. */
            user?: string | null;
            verdict?: components["schemas"]["Verdict"] | null;
            /** @description Why the AI says it wants it: its own claim. */
            why: string;
        };
        /** @description Why a command never started. */
        ExecError: {
            /** @description A stable code, such as `changed_since_prepared`. */
            code: string;
            /** @description What happened. */
            detail: string;
        };
        ExecId: string;
        /**
         * @description Where a command stands.
         * @enum {string}
         */
        ExecState: "proposed" | "preparing" | "waiting_approval" | "approved" | "running" | "ended" | "denied" | "refused" | "unknown" | "cancelled";
        /** @description How a command ended. */
        Exit: {
            /**
             * Format: int32
             * @description Its exit status, 0–255.
             */
            code: number;
            /** @enum {string} */
            how: "code";
        } | {
            /** @enum {string} */
            how: "signal";
            /** @description The signal's name, such as `SIGKILL`. */
            signal: string;
        } | {
            /**
             * Format: int32
             * @description The timeout, in seconds.
             */
            after_s: number;
            /** @enum {string} */
            how: "timeout";
        } | {
            /** @enum {string} */
            how: "stopped";
        };
        /** @description A fact, as a topic tells it. */
        FactFrame: {
            /** @description When. */
            at: components["schemas"]["Instant"];
            /** @description The whole fact. */
            data: components["schemas"]["Event"];
            /**
             * Format: int64
             * @description Resume after this.
             */
            eid: number;
            /** @description What happened. */
            ev: components["schemas"]["EventKind"];
            /** @description To whom it is told. */
            topic: string;
        };
        /** @description What is wrong with one field. */
        FieldError: {
            /** @description What is wrong with it. */
            detail: string;
            /** @description Where it is, as a JSON pointer (RFC 6901). */
            pointer: string;
        };
        /** @description A file for the other machine. */
        File: {
            content: string;
            /** @description Its name in the folder of keys. */
            name: string;
        };
        /**
         * @description What a path is.
         * @enum {string}
         */
        FileKind: "file" | "folder" | "link" | "other";
        /** @description Something that is not as it should be. */
        Finding: {
            /**
             * Format: int64
             * @description The first.
             */
            from: number;
            /**
             * Format: int64
             * @description The last.
             */
            to: number;
            /** @enum {string} */
            what: "missing";
        } | {
            /**
             * Format: int64
             * @description Which.
             */
            seq: number;
            /** @enum {string} */
            what: "changed";
        } | {
            /** @description Who remembers it. */
            by: string;
            /**
             * Format: int64
             * @description Which.
             */
            seq: number;
            /** @enum {string} */
            what: "rewritten";
        } | {
            /** @description Who remembers them. */
            by: string;
            /**
             * Format: int64
             * @description How many rows there were.
             */
            count: number;
            /**
             * Format: int64
             * @description How many are left.
             */
            left: number;
            /** @enum {string} */
            what: "truncated";
        };
        /** @description A folder of a snapshot. */
        Folder: {
            /** @description Folders before files. */
            items: components["schemas"]["Name"][];
            /** @description Whether there are more than these. */
            more: boolean;
        };
        /**
         * @description What can be said before a command starts about undoing it. For the card: it binds nobody, and what is kept is decided
         *     at the start.
         */
        Forecast: {
            /** @enum {string} */
            will: "nothing";
        } | {
            /**
             * Format: int64
             * @description Bytes of their content.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Files and links that are there now.
             */
            files: number;
            /** @description What an undo would not bring back. */
            gaps?: components["schemas"]["Gap"][];
            /** @enum {string} */
            will: "keeps";
        } | {
            /** @description Why not. */
            why: components["schemas"]["Unkept"];
            /** @enum {string} */
            will: "not";
        } | {
            /** @enum {string} */
            will: "unsure";
        };
        /** @description What was found. */
        Found: {
            /** @description The lines, oldest first. */
            lines: components["schemas"]["FoundLine"][];
            /** @description Whether there are more. */
            more: boolean;
        };
        /** @description A line that was found. */
        FoundLine: {
            /**
             * Format: int64
             * @description Which line of everything shown, from 0.
             */
            line: number;
            /** @description Its text. */
            text: string;
        };
        /** @description Where to go on in what flows live. */
        From: number | components["schemas"]["RunPosition"] | components["schemas"]["ScreenWord"];
        /**
         * @description What an undo does not bring back although something was kept.
         * @enum {string}
         */
        Gap: "elsewhere" | "unknown";
        /** @description Something is missing: facts by their numbers, or bytes by their offsets. With `turn` it is a hole in that turn's text. */
        GapFrame: {
            /**
             * Format: int32
             * @description The attempt at it.
             */
            attempt?: number | null;
            ev: components["schemas"]["GapKind"];
            /** Format: int64 */
            from: number;
            /** Format: int64 */
            to: number;
            topic: string;
            /**
             * Format: int32
             * @description The turn whose text has the hole.
             */
            turn?: number | null;
        };
        /**
         * @description `gap`.
         * @enum {string}
         */
        GapKind: "gap";
        /** @description One look at a repository. */
        GitTask: {
            /** @enum {string} */
            task: "status";
        } | {
            /** @enum {string} */
            task: "branches";
        } | {
            /**
             * Format: int32
             * @description Commits, at most.
             */
            limit: number;
            /** @description With what each changed. */
            patch?: boolean;
            /** @description Only what touched these. */
            paths?: string[];
            /** @description Where to begin, or a range; `HEAD` when absent. */
            revision?: string | null;
            /** @enum {string} */
            task: "log";
        } | {
            /** @description Only these. */
            paths?: string[];
            /** @description A revision, or a range of two. */
            revision?: string | null;
            /** @description Of the index instead of the working tree. */
            staged?: boolean;
            /** @description Only how much. */
            stat?: boolean;
            /** @enum {string} */
            task: "diff";
        } | {
            /** @description The file. */
            path?: string | null;
            /** @description The commit. */
            revision: string;
            /** @enum {string} */
            task: "show";
        } | {
            /** @description The file. */
            path: string;
            /** @description As it was then; as it is in `HEAD` when absent. */
            revision?: string | null;
            /** @enum {string} */
            task: "blame";
        };
        /** @description Whether everything is stopped. */
        Halt: {
            halted_at?: components["schemas"]["Instant"] | null;
            /**
             * Format: int32
             * @description How many runs this very request stopped.
             */
            stopped: number;
            /** @description Commands whose machine has not said that they are over: it is told again, and can be asked again. */
            unended: number;
        };
        /** @description Whether everything shall be stopped. */
        HaltBody: {
            halted: boolean;
        };
        /** @description A keyboard that the AI wants, and what it would type first. What the owner is shown. */
        HandAsk: {
            /** @description The folder of the program in front, as it was seen when the AI asked. */
            cwd?: string | null;
            /** @description The shell host it is on. */
            host: string;
            /**
             * Format: int32
             * @description The place of the call in that turn, from 0.
             */
            index: number;
            /** @description The keys it would press behind that, by their names. */
            keys: string[];
            /** @description Whose it is: the owner's shell, or a command of the AI. */
            kind: components["schemas"]["TerminalKind"];
            /**
             * Format: int32
             * @description For how many minutes it wants the keyboard.
             */
            minutes: number;
            /** @description What the owner calls it. */
            name: string;
            /** @description The program in front, as it was seen when the AI asked. */
            program?: string | null;
            /** @description Which terminal. */
            terminal_id: components["schemas"]["TerminalId"];
            /** @description What it would type first. */
            text: string;
            /**
             * Format: int32
             * @description The turn of the run that asks.
             */
            turn: number;
            /** @description The Unix user it runs as. */
            user: string;
            /** @description Why the AI says it wants it: its own claim. */
            why: string;
        };
        /** @description To whom the keyboard goes, and for how long. */
        HandBody: {
            /**
             * Format: int32
             * @description For how many minutes, 1 to 1440.
             */
            minutes: number;
            /** @description What to do with it, for the run to read. */
            note?: string | null;
            /** @description The run. */
            run_id: components["schemas"]["RunId"];
        };
        /** @description What was said when a keyboard was handed over. */
        HandNote: {
            note: string;
            /** @description To which run. */
            run_id: components["schemas"]["RunId"];
            /** @description Until when it might type: with the run, this tells which hand-over it was. */
            until: components["schemas"]["Instant"];
        };
        /**
         * @description The one of two who holds a keyboard, whichever run it is.
         * @enum {string}
         */
        Holder: "owner" | "ai";
        /** @description One shell host. */
        Host: {
            /** @description Why it can't join. */
            detail?: string | null;
            last_seen_at?: components["schemas"]["Instant"] | null;
            /** @description Whether it is the one beside this service, which nobody registers or revokes. */
            local: boolean;
            name: string;
            /**
             * Format: int32
             * @description Terminals that run there, those of commands included, as far as is known.
             */
            running: number;
            since?: components["schemas"]["Instant"] | null;
            state: components["schemas"]["HostState"];
            /** @description The version of its shell-worker. */
            version?: string | null;
        };
        /** @description A machine to be registered. */
        HostBody: {
            /** @description 1 to 63 of a-z, 0-9 and -, not beginning with -. */
            name: string;
        };
        /**
         * @description Where a registered host stands.
         * @enum {string}
         */
        HostState: "waiting" | "online" | "unreachable" | "revoked";
        /** @description Every shell host. */
        Hosts: {
            /**
             * Format: int64
             * @description Subscribe after this fact: nothing is lost between.
             */
            eid: number;
            /** @description The one beside this service first. */
            items: components["schemas"]["Host"][];
            /** @description Whether another machine can join: Redis can be reached from elsewhere. */
            joinable: boolean;
        };
        /** Format: date-time */
        Instant: string;
        /** @description One path of a preview. */
        Item: {
            /**
             * Format: int64
             * @description Bytes that come back.
             */
            bytes: number;
            conflict?: components["schemas"]["Conflict"] | null;
            /** @description What it is, or would be again. */
            kind: components["schemas"]["FileKind"];
            /**
             * Format: int32
             * @description Its number in this preview.
             */
            n: number;
            /** @description The path; bytes that are no UTF-8 are shown as `�`. */
            path: string;
            /** @description What would be done. */
            step: components["schemas"]["Step"];
        };
        JournalId: string;
        /** @description What is kept of a command that has ended. */
        Kept: {
            /**
             * Format: int32
             * @description How many paths it changed of what was kept.
             */
            changed?: number;
            /** @description What an undo would not bring back. */
            gaps?: components["schemas"]["Gap"][];
            /** @description Whether it can be undone. */
            state: components["schemas"]["KeptState"];
            until?: components["schemas"]["Instant"] | null;
            why?: components["schemas"]["Unkept"] | null;
        };
        /**
         * @description Whether a command can be undone.
         * @enum {string}
         */
        KeptState: "kept" | "not_kept";
        /** @description The newest run of a conversation. */
        LastRun: {
            id: components["schemas"]["RunId"];
            state: components["schemas"]["RunState"];
        };
        /** @description What else to close. */
        LogoutBody: {
            /**
             * @description Close every session on every device, revoke every token, and notify no device any more.
             * @default false
             */
            everywhere: boolean;
        };
        /** @description What shell-worker measured: once before the card is shown, once more at spawn. A difference refuses. */
        Measure: {
            asker?: components["schemas"]["Asker"] | null;
            /** @description SHA-256 of the exact bytes of the command, in hex. */
            command_sha256: string;
            /** @description The working folder, resolved. */
            cwd: string;
            /**
             * Format: int64
             * @description Its device number.
             */
            cwd_device: number;
            /**
             * Format: int64
             * @description Its inode number.
             */
            cwd_inode: number;
            /** @description SHA-256 of the environment the command gets, in hex. */
            env_sha256: string;
            /** @description The shell host it runs on. */
            host: string;
            journal?: components["schemas"]["JournalId"] | null;
            /** @description Words that lead elsewhere than they say. */
            links?: components["schemas"]["MeasuredLink"][];
            packages?: components["schemas"]["PackagePlan"] | null;
            /**
             * Format: int32
             * @description The version of the policy that judged.
             */
            policy_version: number;
            /** @description With whose power it runs: the same text is another command in the hands of a helper. */
            power?: components["schemas"]["Power"];
            /** @description Programs as resolved through the pinned `PATH`. */
            programs: components["schemas"]["MeasuredFile"][];
            /** @description Script operands: files whose content will be executed. */
            scripts: components["schemas"]["MeasuredFile"][];
            /** @description The shell, with its digest. */
            shell: components["schemas"]["MeasuredFile"];
            /**
             * Format: int32
             * @description Seconds until it is ended by force.
             */
            timeout_s: number;
            /** @description The Unix user it runs as. */
            user: string;
        };
        /** @description A file that a command would execute or read as a program, with the digest it had. */
        MeasuredFile: {
            /** @description Whether its content can't change between the measurement and the end of the command (SECURITY P5). */
            bound: boolean;
            /** @description The resolved path; empty where nothing was found. */
            path: string;
            /** @description SHA-256 of its content in hex; empty where it could not be read. */
            sha256: string;
            /** @description The word of the command line that named it. */
            word: string;
        };
        /** @description A word of a command that leads elsewhere than it says, by a symbolic link. */
        MeasuredLink: {
            /** @description Where it leads: a path without links. */
            path: string;
            /** @description The word. */
            word: string;
        };
        /** @description Something said. */
        Message: {
            actor: components["schemas"]["Actor"];
            chat_id: components["schemas"]["ChatId"];
            created_at: components["schemas"]["Instant"];
            id: components["schemas"]["MessageId"];
            parts: components["schemas"]["Part"][];
            role: components["schemas"]["Role"];
            run_id?: components["schemas"]["RunId"] | null;
            /**
             * Format: int32
             * @description The model turn it is, for a message of the AI.
             */
            turn?: number | null;
        };
        /** @description Something to say. */
        MessageBody: {
            /** @description In Markdown, 256 KiB at most. */
            text: string;
        };
        MessageId: string;
        /** @description A page of what was said in a conversation. */
        Messages: {
            /**
             * Format: int64
             * @description Subscribe after this fact: nothing is lost between.
             */
            eid: number;
            /** @description In the order in which they were said. */
            items: components["schemas"]["Message"][];
            /** @description For the page with what was said before. */
            next_cursor?: string | null;
        };
        /**
         * @description How much is asked, the strictest first.
         * @enum {string}
         */
        Mode: "plan" | "ask" | "auto" | "full";
        /** @description The mode of a conversation. */
        ModeBody: {
            /**
             * Format: int32
             * @description Minutes until it is `ask` again; needed for `full`, and 480 there at most.
             */
            minutes?: number | null;
            mode: components["schemas"]["Mode"];
        };
        /** @description One name in a folder of a snapshot. */
        Name: {
            /**
             * Format: int64
             * @description Bytes of its content.
             */
            bytes: number;
            /** @description When it was changed last. */
            changed_at: components["schemas"]["Instant"];
            /** @description What it is. */
            kind: components["schemas"]["FileKind"];
            /** @description The name; bytes that are no UTF-8 are shown as `�`. */
            name: string;
        };
        /** @description Another name. */
        NameBody: {
            /** @description What to call it; blank takes the name away. */
            name: string;
        };
        /** @description A machine that was just registered, with what it needs to join: shown now and never again. */
        NewHost: {
            environment: components["schemas"]["Setting"][];
            files: components["schemas"]["File"][];
            host: components["schemas"]["Host"];
            /** @description Both as one text for a shell of that machine: it makes a folder with them and a `compose.yaml`, and starts it. */
            script: string;
        };
        /** @description A token that was just made. */
        NewToken: components["schemas"]["Token"] & {
            /** @description Its value: shown now and never again. */
            token: string;
        };
        /** @description A request was carried out. */
        OkFrame: {
            /**
             * Format: int32
             * @description The channel of a terminal's binary frames.
             */
            channel?: number | null;
            /**
             * Format: int64
             * @description The newest fact.
             */
            eid: number;
            /**
             * Format: int64
             * @description The request's id.
             */
            id: number;
            /** @description Always true. */
            ok: boolean;
            /** @description Whether this answers a ping. */
            pong?: boolean | null;
        };
        /** @description A terminal to open. */
        OpenBody: {
            /** @description The folder it begins in; the owner's home when absent. */
            cwd?: string | null;
            /** @description The shell host, one of those that `GET /hosts` lists; the one beside api when absent. */
            host?: string | null;
            /** @description What to call it. */
            name?: string | null;
            /** @description Its size. */
            size: components["schemas"]["Size"];
        };
        /**
         * @description What called a run into being.
         * @enum {string}
         */
        Origin: "chat" | "practice" | "api" | "pulse" | "schedule";
        /** @description The owner. */
        Owner: {
            created_at: components["schemas"]["Instant"];
            language: string;
            timezone: string;
        };
        /** @description What apt would do, as it says itself when it is asked beforehand. Part of what an approval binds. */
        PackagePlan: {
            /**
             * Format: int64
             * @description Bytes to be fetched.
             */
            fetches: number;
            /** @description What would be installed or brought to another version. */
            installs: components["schemas"]["PackageStep"][];
            /** @description What would be removed. */
            removes: components["schemas"]["PackageStep"][];
        };
        /** @description One package of a plan. */
        PackageStep: {
            /** @description The version that is there now, where that is another. */
            before?: string | null;
            /** @description Where it comes from, and for which processors. */
            from?: string;
            /** @description Its name. */
            name: string;
            /** @description The version that would be there; of a removed one, the version that is. */
            version: string;
        };
        /** @description What the helper does. */
        PackageTask: {
            /** @enum {string} */
            task: "refresh";
        } | {
            /** @description Their names, each perhaps with `=` and a version. */
            packages: string[];
            /** @enum {string} */
            task: "install";
        };
        /** @description A piece of a message. */
        Part: {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            type: "text";
        } | {
            /** @description The command. */
            exec: components["schemas"]["Exec"];
            /** @enum {string} */
            type: "exec";
        } | {
            /** @description The question. */
            approval_id: components["schemas"]["ApprovalId"];
            /** @description What it wanted to type where. */
            hand: components["schemas"]["HandAsk"];
            /** @description Where it stands. */
            state: components["schemas"]["ApprovalState"];
            /** @enum {string} */
            type: "hand";
        } | {
            /** @description A stable code, such as `model_key_refused`. */
            code: string;
            /** @description The cause and the next step. */
            text: string;
            /** @enum {string} */
            type: "notice";
        };
        /** @description The owner's password. */
        PasswordBody: {
            password: components["schemas"]["Secret"];
        };
        /** @description From where an answer came. */
        Place: {
            /** @description Its address. */
            address: string;
            /** @description What the browser calls itself. */
            device: string;
        };
        /**
         * @description How much a task asks: never `full`, since nobody is there.
         * @enum {string}
         */
        PlannedMode: "plan" | "ask" | "auto";
        /** @description What came of a message. */
        Posted: {
            message: components["schemas"]["Message"];
            /** @description The run that reads it: a new one, or the one that is at work already. */
            run: components["schemas"]["Run"];
        };
        /** @description With whose power a command runs. */
        Power: {
            /** @enum {string} */
            as: "agent";
        } | {
            /** @enum {string} */
            as: "root";
        } | {
            /** @enum {string} */
            as: "packages";
            /** @description What it does. */
            task: components["schemas"]["PackageTask"];
        } | {
            /** @enum {string} */
            as: "git";
            /** @description What it looks at. */
            task: components["schemas"]["GitTask"];
        };
        /** @description The rehearsal: the conversation it takes place in, and the run that will ask. */
        Practice: {
            chat: components["schemas"]["Chat"];
            run: components["schemas"]["Run"];
        };
        /** @description Keys have reached their terminal. Told now and then, not for each. */
        PressedFrame: {
            ev: components["schemas"]["PressedKind"];
            /**
             * Format: int64
             * @description How many bytes of keys, of those sent on this channel, were typed or dropped with an error.
             */
            n: number;
            topic: string;
        };
        /**
         * @description `terminal.pressed`.
         * @enum {string}
         */
        PressedKind: "terminal.pressed";
        /** @description What a rule would have allowed. */
        Preview: {
            /** @description The newest of them, 20 at most. */
            commands: string[];
            /** @description How many of the commands of the past it would have allowed. */
            matched: number;
            /** @description How many there were: the newest 500 that the owner was asked about. */
            of: number;
        };
        /** @description What to look at. */
        PreviewBody: {
            /** @description The shell host of a snapshot; the one beside api when absent. A command and an undo have theirs. */
            host?: string | null;
            /** @description What would be undone. */
            of: components["schemas"]["UndoOf"];
        };
        /** @description What a model costs, in US dollars for a million tokens. */
        PriceBody: {
            /**
             * Format: double
             * @description For what it reads, to the ten-thousandth of a dollar.
             */
            read_usd: number;
            /**
             * Format: double
             * @description For what it writes, likewise.
             */
            write_usd: number;
        };
        /** @description A test call. */
        Probe: {
            /** @description Why it failed, for programs: such as `model_key_refused`. */
            code?: string | null;
            /** @description Why it failed. */
            detail?: string | null;
            id: components["schemas"]["ProbeId"];
            /** @description What to do about it. */
            next_step?: string | null;
            /** @description What the model said. */
            reply?: string | null;
            state: components["schemas"]["ProbeState"];
        };
        /** @description A provider to be tried: a stored one, or fields that are not stored. */
        ProbeBody: components["schemas"]["ProbeStored"] | components["schemas"]["ProbeFields"];
        /** @description Fields to be tried. */
        ProbeFields: {
            /** Format: password */
            api_key?: string | null;
            base_url: string;
            model: string;
        };
        ProbeId: string;
        /**
         * @description Where a test call stands.
         * @enum {string}
         */
        ProbeState: "queued" | "running" | "ok" | "failed";
        /** @description A stored provider to be tried. */
        ProbeStored: {
            id: components["schemas"]["ProviderId"];
        };
        /** @description A refusal, as it is sent (RFC 9457). */
        Problem: {
            /** @description The kind, for programs. */
            code: components["schemas"]["Code"];
            /** @description The cause and the next step, for the person. */
            detail: string;
            /** @description Fields that are wrong. */
            errors?: components["schemas"]["FieldError"][] | null;
            /** @description The request's id, also in the log. */
            request_id?: string | null;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The kind in a few words. */
            title: string;
            /** @description A name for this kind of problem: `urn:metatron:problem:` and the code. */
            type: string;
        };
        /** @description A rule that could be made with the answer. */
        Proposal: {
            /** @description Whether further words may be left open. */
            may_open: boolean;
            rule: components["schemas"]["RuleTerms"];
        };
        /** @description A model provider; its key never leaves the vault. */
        Provider: {
            base_url: string;
            has_key: boolean;
            id: components["schemas"]["ProviderId"];
            is_default: boolean;
            kind: components["schemas"]["ProviderKind"];
            model: string;
            name: string;
            /**
             * Format: double
             * @description For a million tokens that it reads, in US dollars; 0 where the owner never said.
             */
            read_usd: number;
            /**
             * Format: double
             * @description For a million tokens that it writes, likewise.
             */
            write_usd: number;
        };
        /** @description A provider to be stored. */
        ProviderBody: {
            /**
             * Format: password
             * @description When absent, a changed provider keeps its key as long as its address stays.
             */
            api_key?: string | null;
            /** @description Such as `http://127.0.0.1:11434/v1`. */
            base_url: string;
            /** @description The model's name there. */
            model: string;
            /** @description 1 to 80 characters. */
            name: string;
        };
        ProviderId: string;
        /**
         * @description What speaks for a provider.
         * @enum {string}
         */
        ProviderKind: "openai" | "demo";
        /** @description Every provider. */
        Providers: {
            items: components["schemas"]["Provider"][];
        };
        /** @description One queue. */
        Queue: {
            /**
             * Format: int64
             * @description Jobs that wait, are delayed or at work.
             */
            depth: number;
            /**
             * @description `run`, `report`, `terminal` or `shell:` and a host; `report:` or `terminal:` and a host, where that is not called
             *     `local`.
             */
            name: string;
            /** @description Whether the owner paused it: what is at work goes on, nothing new begins. */
            paused: boolean;
        };
        /** @description Every queue. */
        Queues: {
            items: components["schemas"]["Queue"][];
        };
        /** @description Another title. */
        RenameBody: {
            /** @description On one line. */
            title: string;
        };
        /**
         * @description How much could go wrong.
         * @enum {string}
         */
        Risk: "low" | "medium" | "high";
        /**
         * @description Who said it.
         * @enum {string}
         */
        Role: "owner" | "ai" | "system";
        /** @description A rule with what became of it. */
        Rule: components["schemas"]["RuleTerms"] & {
            created_at: components["schemas"]["Instant"];
            /** @description Whether anything can still start under it. */
            in_force: boolean;
            last_used_at?: components["schemas"]["Instant"] | null;
            revoked_at?: components["schemas"]["Instant"] | null;
            /**
             * Format: int32
             * @description How often it was used.
             */
            used: number;
        };
        /** @description A rule to be made. */
        RuleBody: {
            chat_id?: components["schemas"]["ChatId"] | null;
            /** @description The folder the command must start in, or below. */
            folder: string;
            /** @description Whether further words may follow. Only for few programs, and never beyond a year. */
            open?: boolean;
            /** @description The program's absolute path, without links. */
            program: string;
            /**
             * Format: int32
             * @description How often it may be used; any number of times when absent.
             */
            times?: number | null;
            until?: components["schemas"]["Instant"] | null;
            /** @description The words behind the program's name that must stand there exactly. */
            words: string[];
        };
        /** @description A change of a rule: all of it anew, on top of the version that was read. */
        RuleChange: {
            /** @description The rule as it shall be. */
            rule: components["schemas"]["RuleBody"];
            /**
             * Format: int32
             * @description The version that was read.
             */
            version: number;
        };
        /** @description A rule with the commands that used it. */
        RuleDetail: components["schemas"]["Rule"] & {
            /** @description The newest first, 50 at most. */
            uses: components["schemas"]["Exec"][];
        };
        RuleId: string;
        /** @description Where a rule counts. */
        RuleScope: {
            /** @enum {string} */
            where: "everywhere";
        } | {
            /** @description Which. */
            chat: components["schemas"]["ChatId"];
            /** @enum {string} */
            where: "chat";
        };
        /** @description What a rule allows. */
        RuleTerms: {
            /** @description The folder the command must start in, or below. */
            folder: string;
            /** @description Its id. */
            id: components["schemas"]["RuleId"];
            /** @description Whether further words may follow; they name nothing outside `folder`. */
            open: boolean;
            /** @description The program's path, without links. */
            program: string;
            /** @description Where it counts. */
            scope: components["schemas"]["RuleScope"];
            /**
             * Format: int32
             * @description How often it may be used; absent: any number of times.
             */
            times?: number | null;
            until?: components["schemas"]["Instant"] | null;
            /**
             * Format: int32
             * @description Raised by each change: what was allowed under an older one is refused.
             */
            version: number;
            /** @description The words behind the program's name that must stand there exactly. */
            words: string[];
        };
        /** @description Every rule that was not revoked. */
        Rules: {
            items: components["schemas"]["Rule"][];
        };
        /** @description One agent run. */
        Run: {
            actor: components["schemas"]["Actor"];
            chat_id: components["schemas"]["ChatId"];
            /** Format: double */
            cost_usd: number;
            created_at: components["schemas"]["Instant"];
            ended_at?: components["schemas"]["Instant"] | null;
            error?: components["schemas"]["RunError"] | null;
            id: components["schemas"]["RunId"];
            model?: string | null;
            origin: components["schemas"]["Origin"];
            started_at?: components["schemas"]["Instant"] | null;
            state: components["schemas"]["RunState"];
            /** @description Why it stopped before it was done: `owner`, or the code of its error. */
            stop_reason?: string | null;
            taint?: components["schemas"]["Taint"] | null;
            /** Format: int64 */
            tokens_in: number;
            /** Format: int64 */
            tokens_out: number;
            /**
             * Format: int32
             * @description Model turns so far.
             */
            turns: number;
        };
        /** @description A run with its commands. */
        RunDetail: components["schemas"]["Run"] & {
            /**
             * Format: int64
             * @description Subscribe after this fact: nothing is lost between.
             */
            eid: number;
            /** @description Its commands, in order. */
            execs: components["schemas"]["Exec"][];
        };
        /** @description Why a run failed, in words for the owner: the cause, and the next step. */
        RunError: {
            /** @description A stable code, such as `model_key_refused`. */
            code: string;
            /** @description What happened. */
            detail: string;
            /** @description What the owner can do about it. */
            next_step: string;
        };
        RunId: string;
        /** @description A position in a run's live text. */
        RunPosition: {
            /**
             * Format: int32
             * @description The attempt at it.
             */
            attempt: number;
            /**
             * Format: int64
             * @description UTF-8 bytes of the turn's text that are known.
             */
            offset: number;
            /**
             * Format: int32
             * @description The model turn.
             */
            turn: number;
        };
        /**
         * @description Where a run stands.
         * @enum {string}
         */
        RunState: "queued" | "running" | "waiting_command" | "waiting_approval" | "succeeded" | "failed" | "cancelled" | "expired";
        /** @description A page of runs. */
        Runs: {
            items: components["schemas"]["Run"][];
            next_cursor?: string | null;
        };
        /**
         * @description What a token may do.
         * @enum {string}
         */
        Scope: "read" | "chat" | "run";
        /** @description A screen as it is at one moment. */
        Screen: {
            /** @description What a terminal of that size, just reset, has to be fed to show the same; in base 64. */
            base64: string;
            /** @description The cursor's row and column, from 0. */
            cursor: number[];
            /**
             * Format: int64
             * @description Bytes of output that made it: go on from here.
             */
            offset: number;
            size: components["schemas"]["Size"];
            /** @description Its rows as text, trailing blanks removed. */
            text: string;
        };
        /** @description A terminal's screen follows: what was shown before is void, output goes on from its offset. */
        ScreenFrame: {
            ev: components["schemas"]["ScreenKind"];
            /**
             * Format: int64
             * @description Bytes of output that made it.
             */
            offset: number;
            /** @description Its size. */
            size: components["schemas"]["Size"];
            /** @description Who had the keyboard when its rows were written, from the top down. */
            stretches: components["schemas"]["Stretch"][];
            topic: string;
        };
        /**
         * @description `screen`.
         * @enum {string}
         */
        ScreenKind: "screen";
        /**
         * @description `screen`.
         * @enum {string}
         */
        ScreenWord: "screen";
        /** Format: password */
        Secret: string;
        /** @description An answer to a password prompt. */
        SecretBody: {
            /** @description The password. Enter is pressed behind it. */
            text: components["schemas"]["Secret"];
        };
        /** @description What the server sends as text. */
        ServerFrame: components["schemas"]["OkFrame"] | components["schemas"]["ErrorFrame"] | components["schemas"]["FactFrame"] | components["schemas"]["DeltaFrame"] | components["schemas"]["TurnFrame"] | components["schemas"]["GapFrame"] | components["schemas"]["ScreenFrame"] | components["schemas"]["StatusFrame"] | components["schemas"]["PressedFrame"] | components["schemas"]["ViewersFrame"] | components["schemas"]["TerminalEndFrame"];
        /** @description One service. */
        Service: {
            name: string;
            /** Format: int32 */
            pid?: number | null;
            /**
             * Format: date-time
             * @description When it started, RFC 3339.
             */
            since?: string | null;
            state: components["schemas"]["ServiceState"];
            version?: string | null;
        };
        /**
         * @description Whether a service is there.
         * @enum {string}
         */
        ServiceState: "up" | "down";
        /** @description Every service that was ever seen. */
        Services: {
            items: components["schemas"]["Service"][];
        };
        /** @description Who is signed in, and what the page needs to know first. */
        Session: {
            kind: components["schemas"]["SessionKind"];
            language: string;
            reauth_until?: components["schemas"]["Instant"] | null;
            /** @description What a token may do; everything, for the owner. */
            scopes: string[];
            timezone: string;
            /** @description What the owner should know: `runs_without_root`, `insecure`, `rules_behind`. */
            warnings: string[];
        };
        /**
         * @description What a caller is.
         * @enum {string}
         */
        SessionKind: "owner" | "token";
        /** @description A setting of the other machine's shell-worker. */
        Setting: {
            name: string;
            value: string;
        };
        /** @description What the owner set. */
        Settings: {
            /** @description The owner's standing instruction to the AI. */
            instruction: string;
            /** @description A BCP 47 language tag. */
            language: string;
            theme: components["schemas"]["Theme"];
            /** @description An IANA time zone. */
            timezone: string;
            /**
             * Format: double
             * @description What work that the clock begins may cost on one day of the owner's, in US dollars.
             */
            unattended_usd_per_day: number;
        };
        /** @description What is to change; what is absent stays. */
        SettingsBody: {
            /** @description 16 KiB at most. */
            instruction?: string | null;
            /** @description A BCP 47 language tag. */
            language?: string | null;
            theme?: components["schemas"]["Theme"] | null;
            /** @description An IANA time zone that the machine knows. */
            timezone?: string | null;
            /**
             * Format: double
             * @description US dollars, to the ten-thousandth of one; at 0 only what costs nothing works.
             */
            unattended_usd_per_day?: number | null;
        };
        /** @description Where the first run stands. Once claimed, only the state. */
        Setup: {
            /** @description Whether the printed code is void; restart MetatronOS for another. */
            code_expired?: boolean | null;
            /** @description The shell host. */
            host?: string | null;
            /** @description Whether this browser's way is not safe enough to claim. */
            needs_tls?: boolean | null;
            state: components["schemas"]["SetupState"];
        };
        /**
         * @description Whether the instance has an owner.
         * @enum {string}
         */
        SetupState: "unclaimed" | "claimed";
        /** @description The size of a terminal, in character cells. Absurd ones can't be made. */
        Size: {
            /** Format: int32 */
            columns: number;
            /** Format: int32 */
            rows: number;
        };
        /** @description One snapshot of a workspace. */
        Snapshot: {
            /** @description When it was made. */
            at: components["schemas"]["Instant"];
            /**
             * Format: int64
             * @description Bytes of their content.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Files, folders and links in it.
             */
            files: number;
            /** @description Its id. */
            id: components["schemas"]["SnapshotId"];
        };
        /** @description A snapshot to make. */
        SnapshotBody: {
            /** @description The shell host; the one beside api when absent. */
            host?: string | null;
        };
        SnapshotId: string;
        /** @description The snapshots of a host. */
        Snapshots: {
            /**
             * Format: int64
             * @description Seconds between two of them; 0 where none are made.
             */
            every_s: number;
            host: string;
            /** @description The newest first. */
            items: components["schemas"]["Snapshot"][];
            /**
             * Format: int64
             * @description Bytes that they may take.
             */
            quota: number;
            trouble?: components["schemas"]["Unkept"] | null;
            /**
             * Format: int64
             * @description Bytes that they and what is kept for undo take together.
             */
            used: number;
        };
        /** @description How a terminal stands. */
        Standing: {
            /**
             * Format: int64
             * @description Bytes of output so far.
             */
            bytes: number;
            /** @description The folder of the foreground program. */
            cwd?: string | null;
            /** @description Who holds its keyboard. */
            driver: components["schemas"]["Driver"];
            /** @description The name of the foreground program. */
            program?: string | null;
            size: components["schemas"]["Size"];
            state: components["schemas"]["TerminalState"];
            waits?: components["schemas"]["Waits"] | null;
        };
        /** @description A terminal stands otherwise than before. */
        StatusFrame: {
            ev: components["schemas"]["StatusKind"];
            status: components["schemas"]["Standing"];
            topic: string;
        };
        /**
         * @description `terminal.status`.
         * @enum {string}
         */
        StatusKind: "terminal.status";
        /**
         * @description What would be done with one path.
         * @enum {string}
         */
        Step: "create" | "restore" | "attributes" | "remove";
        /** @description Rows of a screen, down to the next stretch, that were written while one of the two had the keyboard. */
        Stretch: {
            /** @description Whose the keyboard was. */
            by: components["schemas"]["Holder"];
            /**
             * Format: int32
             * @description The first of them, from 0.
             */
            row: number;
        };
        /** @description A rule that would have saved questions. */
        Suggestion: {
            rule: components["schemas"]["RuleTerms"];
            /** @description How often the owner allowed what it allows. */
            seen: number;
        };
        /** @description Rules that would have saved questions. */
        Suggestions: {
            items: components["schemas"]["Suggestion"][];
        };
        /** @description The mark. */
        Taint: components["schemas"]["TaintSource"] & {
            /** @description Since when. */
            at: components["schemas"]["Instant"];
        };
        /** @description From where untrusted content came. */
        TaintSource: {
            /** @description Which. */
            exec: components["schemas"]["ExecId"];
            /** @enum {string} */
            from: "command";
        } | {
            /** @enum {string} */
            from: "typed";
        } | {
            /** @enum {string} */
            from: "program";
            /** @description Its token. */
            token: components["schemas"]["TokenId"];
        } | {
            /** @enum {string} */
            from: "earlier";
            /** @description Which. */
            run: components["schemas"]["RunId"];
        };
        /** @description Something planned. */
        Task: {
            /** @description When it is to begin. */
            at: components["schemas"]["Instant"];
            begun_at?: components["schemas"]["Instant"] | null;
            /** @description The conversation it works in. */
            chat_id: components["schemas"]["ChatId"];
            created_at: components["schemas"]["Instant"];
            ended_at?: components["schemas"]["Instant"] | null;
            /**
             * Format: int32
             * @description How late it may begin, in minutes; after that it is missed.
             */
            grace_min: number;
            id: components["schemas"]["TaskId"];
            /** @description How much of what it wants is asked: at its instant, where that is to come. Changed as the mode of its conversation. */
            mode: components["schemas"]["Mode"];
            mode_until?: components["schemas"]["Instant"] | null;
            /** @description Why it never began. */
            note?: string | null;
            run?: components["schemas"]["LastRun"] | null;
            state: components["schemas"]["TickState"];
            /** @description What is to be done. */
            text: string;
        };
        /** @description A task to plan. */
        TaskBody: {
            at?: components["schemas"]["Instant"] | null;
            /**
             * Format: int32
             * @description How late it may begin where this machine is off, stopped or busy at that time, in minutes; 60 when absent.
             */
            grace_min?: number | null;
            mode?: components["schemas"]["PlannedMode"] | null;
            /** @description What is to be done, in Markdown. */
            text: string;
        };
        TaskId: string;
        /** @description A page of tasks. */
        Tasks: {
            items: components["schemas"]["Task"][];
            next_cursor?: string | null;
        };
        /** @description One terminal. */
        Terminal: {
            /**
             * Format: int64
             * @description Bytes of output so far.
             */
            bytes: number;
            chat_id?: components["schemas"]["ChatId"] | null;
            created_at: components["schemas"]["Instant"];
            /** @description The folder of the foreground program, where the host was asked. */
            cwd?: string | null;
            /** @description Why it was refused or lost. */
            detail?: string | null;
            /** @description Who holds its keyboard. */
            driver: components["schemas"]["Driver"];
            ended_at?: components["schemas"]["Instant"] | null;
            exec_id?: components["schemas"]["ExecId"] | null;
            exit?: components["schemas"]["Exit"] | null;
            /** @description The shell host it is on. */
            host: string;
            id: components["schemas"]["TerminalId"];
            kind: components["schemas"]["TerminalKind"];
            /** @description What the owner calls it. */
            name: string;
            /** @description The name of the foreground program, where the host was asked. */
            program?: string | null;
            /** @description Whether its host answers. Where it does not, the terminal may go on there, unseen. */
            reachable: boolean;
            run_id?: components["schemas"]["RunId"] | null;
            size: components["schemas"]["Size"];
            started_at?: components["schemas"]["Instant"] | null;
            state: components["schemas"]["TerminalState"];
            unreachable_since?: components["schemas"]["Instant"] | null;
            /** @description The Unix user it runs as; known once it runs. */
            user?: string | null;
            /**
             * Format: int32
             * @description How many sockets look at it at this moment.
             */
            viewers: number;
            waits?: components["schemas"]["Waits"] | null;
        };
        /** @description A terminal has ended: nothing more will come. */
        TerminalEndFrame: {
            ev: components["schemas"]["TerminalEndKind"];
            exit?: components["schemas"]["Exit"] | null;
            /**
             * Format: int64
             * @description Bytes of output in all.
             */
            offset: number;
            topic: string;
        };
        /**
         * @description `terminal.end`.
         * @enum {string}
         */
        TerminalEndKind: "terminal.end";
        /** @description What has become of a terminal. */
        TerminalHistory: {
            /**
             * Format: int64
             * @description Subscribe after this fact: nothing is lost between.
             */
            eid: number;
            /** @description The newest facts about it, 200 at most, in order. */
            items: components["schemas"]["Event"][];
            /** @description What was said when its keyboard was handed over. */
            notes: components["schemas"]["HandNote"][];
        };
        TerminalId: string;
        /**
         * @description What a terminal is for.
         * @enum {string}
         */
        TerminalKind: "owner" | "command";
        /**
         * @description Where a terminal stands. That its host does not answer is no state of it: it goes on there, unseen.
         * @enum {string}
         */
        TerminalState: "opening" | "running" | "ended" | "lost" | "refused";
        /** @description A page of terminals. */
        Terminals: {
            /**
             * Format: int64
             * @description Subscribe after this fact: nothing is lost between.
             */
            eid: number;
            items: components["schemas"]["Terminal"][];
            next_cursor?: string | null;
        };
        /**
         * @description Which colours the owner sees.
         * @enum {string}
         */
        Theme: "system" | "light" | "dark";
        /**
         * @description Where a planned instant stands.
         * @enum {string}
         */
        TickState: "planned" | "claimed" | "done" | "failed" | "missed" | "skipped" | "unknown";
        /** @description A token, without its value. */
        Token: {
            created_at: components["schemas"]["Instant"];
            expires_at: components["schemas"]["Instant"];
            id: components["schemas"]["TokenId"];
            last_used_at?: components["schemas"]["Instant"] | null;
            /** @description How much of what its runs want is asked. */
            mode: components["schemas"]["Mode"];
            name: string;
            revoked_at?: components["schemas"]["Instant"] | null;
            scopes: components["schemas"]["Scope"][];
        };
        /** @description A token to be made. */
        TokenBody: {
            /**
             * Format: int32
             * @description 1 to 3650; 90 when absent.
             */
            expires_in_days?: number | null;
            /** @description 1 to 80 characters. */
            name: string;
            /** @description One at least. */
            scopes: components["schemas"]["Scope"][];
        };
        TokenId: string;
        /** @description The mode of the runs that a token begins. */
        TokenModeBody: {
            /** @description Never `full`. */
            mode: components["schemas"]["Mode"];
        };
        /** @description Every token. */
        Tokens: {
            items: components["schemas"]["Token"][];
        };
        /** @description A turn, or a new attempt at it, begins: the partial text of an earlier attempt is void. */
        TurnFrame: {
            /** Format: int32 */
            attempt: number;
            ev: components["schemas"]["TurnKind"];
            topic: string;
            /** Format: int32 */
            turn: number;
        };
        /**
         * @description `turn`.
         * @enum {string}
         */
        TurnKind: "turn";
        /** @description A command that ran without a question. */
        Unasked: {
            chat_id: components["schemas"]["ChatId"];
            chat_title: string;
            exec: components["schemas"]["Exec"];
            rule?: components["schemas"]["RuleTerms"] | null;
        };
        /** @description A page of commands that ran without a question. */
        UnaskedPage: {
            /** @description The newest first. */
            items: components["schemas"]["Unasked"][];
            next_cursor?: string | null;
        };
        /** @description What a command may run under without an answer. */
        Under: {
            /** @description Which. */
            rule: components["schemas"]["RuleId"];
            /** @enum {string} */
            under: "rule";
            /**
             * Format: int32
             * @description Which version of it.
             */
            version: number;
        } | {
            /** @enum {string} */
            under: "full";
        };
        /** @description One undo. */
        Undo: {
            created_at: components["schemas"]["Instant"];
            /** @description Why nothing was. */
            detail?: string | null;
            ended_at?: components["schemas"]["Instant"] | null;
            host: string;
            id: components["schemas"]["UndoId"];
            /** @description What is undone, or brought back. */
            of: components["schemas"]["UndoOf"];
            state: components["schemas"]["UndoState"];
            undone?: components["schemas"]["Undone"] | null;
        };
        /** @description What to undo. */
        UndoBody: {
            /** @description The digest of the preview. */
            digest: string;
            /** @description The shell host of a snapshot; the one beside api when absent. A command and an undo have theirs. */
            host?: string | null;
            /** @description What is undone. */
            of: components["schemas"]["UndoOf"];
            /** @description The numbers of the conflicts that are done all the same. */
            take?: number[];
            /** @description Every conflict is done all the same. */
            take_all?: boolean;
        };
        UndoId: string;
        /** @description What is undone, or brought back. */
        UndoOf: {
            /** @description Which. */
            exec: components["schemas"]["ExecId"];
            /** @enum {string} */
            of: "exec";
        } | {
            /** @enum {string} */
            of: "undo";
            /** @description Which. */
            undo: components["schemas"]["UndoId"];
        } | {
            /** @enum {string} */
            of: "snapshot";
            /** @description A path inside the workspace; empty for all of it. */
            path: string;
            /** @description Which. */
            snapshot: components["schemas"]["SnapshotId"];
        };
        /** @description What an undo would do now. */
        UndoPreview: {
            /** @description When it was kept. */
            at: components["schemas"]["Instant"];
            /** @description How many paths there are of each sort. */
            counts: components["schemas"]["Counts"];
            /** @description Send it with the undo: it binds it to exactly this. */
            digest: string;
            host: string;
            /** @description The first 500 paths, conflicts before the others. */
            items: components["schemas"]["Item"][];
        };
        /**
         * @description Where an undo stands.
         * @enum {string}
         */
        UndoState: "running" | "done" | "refused" | "cut";
        /** @description What an undo did. */
        Undone: {
            /** @description Why the first of those could not. */
            detail?: string | null;
            /**
             * Format: int32
             * @description Paths that could not be brought back.
             */
            failed: number;
            /**
             * Format: int32
             * @description Paths that were left alone: changed since, and not ticked, or changed while it was undone.
             */
            left: number;
            /**
             * Format: int32
             * @description Paths that are gone again.
             */
            removed: number;
            /**
             * Format: int32
             * @description Paths that are as they were again.
             */
            restored: number;
        };
        /** @description The newest undos. */
        Undos: {
            /**
             * Format: int64
             * @description Subscribe after this fact: nothing is lost between.
             */
            eid: number;
            items: components["schemas"]["Undo"][];
        };
        /**
         * @description Why nothing was kept.
         * @enum {string}
         */
        Unkept: "too_big" | "too_many" | "too_slow" | "no_room" | "elsewhere" | "unknown" | "failed" | "off";
        /**
         * @description The answer, in order of strictness.
         * @enum {string}
         */
        Verdict: "allow" | "ask" | "deny";
        /** @description What to check it against. */
        VerifyBody: {
            head?: components["schemas"]["AuditHead"] | null;
        };
        /** @description Another number of clients looks at a terminal than before. */
        ViewersFrame: {
            ev: components["schemas"]["ViewersKind"];
            topic: string;
            /**
             * Format: int32
             * @description How many, this one among them.
             */
            viewers: number;
        };
        /**
         * @description `terminal.viewers`.
         * @enum {string}
         */
        ViewersKind: "terminal.viewers";
        /**
         * @description What the foreground program waits for, as far as its terminal tells.
         * @enum {string}
         */
        Waits: "input" | "password";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    approvals: {
        parameters: {
            query?: {
                /** @description Those that wait unless `history`. */
                state?: "waiting" | "history";
                /** @description Items at most, 1 to 200. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approvals"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ApprovalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decide: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ApprovalId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecisionBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: {
                /** @description Only these kinds, or all of a room, with commas between: `exec,approval.decided`. */
                kind?: string;
                /** @description Only what this kind of actor did. */
                actor?: "owner" | "ai" | "schedule" | "token";
                /** @description Only rows that hold this text: in their kind, ids or data, or in the command they are about. Case does not matter. */
                q?: string;
                /** @description Only at or after this instant. */
                since?: components["schemas"]["Instant"];
                /** @description Only before this instant. */
                until?: components["schemas"]["Instant"];
                /** @description Items at most, 1 to 200. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditRows"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": number[];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["VerifyBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditVerification"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    chats: {
        parameters: {
            query?: {
                /** @description Items at most, 1 to 200. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chats"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_chat: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ChatBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chat"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ChatId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chat"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ChatId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rename_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ChatId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chat"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    messages: {
        parameters: {
            query?: {
                /** @description Items at most, 1 to 200. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: components["schemas"]["ChatId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Messages"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ChatId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessageBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Posted"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_mode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ChatId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModeBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chat"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    elevated: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Elevated"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_elevated: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ElevatedBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Elevated"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description Those after this one; from the first that is kept when absent. */
                after?: number;
                /** @description Items at most, 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Events"];
                    "text/event-stream": string;
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unasked: {
        parameters: {
            query?: {
                /** @description Items at most, 1 to 200. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnaskedPage"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exec: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ExecId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exec"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    halt: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Halt"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_halt: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HaltBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Halt"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hosts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hosts"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register_host: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HostBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewHost"];
                };
            };
            /** @description `host_exists`; `join_unavailable`: `METATRON_JOIN` is not set */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The name is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_host: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The host's name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such host */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It was revoked before: `host_revoked` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    /** @description The session */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LogoutBody"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    probe: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ProbeId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probe"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    providers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Providers"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_provider: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_provider: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProbeBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probe"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    make_default: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_price: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["ProviderId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PriceBody"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    devices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Devices"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_device: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["DeviceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rename_device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["DeviceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceName"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    try_device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["DeviceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    queues: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queues"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue's name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The queue's name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rules"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_rule: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RuleBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    preview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RuleBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    suggestions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Suggestions"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["RuleId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleDetail"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_rule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["RuleId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RuleChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_rule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["RuleId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runs: {
        parameters: {
            query?: {
                /** @description All of them unless `open`. */
                state?: "open" | "all";
                /** @description Items at most, 1 to 200. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Runs"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["RunId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["RunId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    services: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Services"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    who: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePasswordBody"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reauth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    /** @description The version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_settings: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that was seen */
                "If-Match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SettingsBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    /** @description The version */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setup"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    claim: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClaimBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    /** @description The session */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claimed"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    practice: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Practice"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snapshots: {
        parameters: {
            query?: {
                /** @description The shell host; the one beside api when absent. */
                host?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshots"];
                };
            };
            /** @description There is no such host */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    make_snapshot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SnapshotBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            /** @description It can't be made; the detail says why */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snapshot: {
        parameters: {
            query?: {
                /** @description The shell host; the one beside api when absent. */
                host?: string;
                /** @description A folder inside the workspace; the workspace when absent. */
                path?: string;
            };
            header?: never;
            path: {
                id: components["schemas"]["SnapshotId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Folder"];
                };
            };
            /** @description There is no such snapshot, or no such folder in it */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such host */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tasks: {
        parameters: {
            query?: {
                state?: "planned" | "past";
                /** @description Items at most, 1 to 200; of past ones alone. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tasks"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_task: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TaskId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drop_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TaskId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TaskId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    terminals: {
        parameters: {
            query?: {
                /** @description All of them when absent. */
                state?: "open" | "ended";
                /** @description Both kinds when absent. */
                kind?: components["schemas"]["TerminalKind"];
                /** @description Items at most, 1 to 200. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminals"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open_terminal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminal"];
                };
            };
            /** @description The host was revoked: `host_revoked` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field is not valid: `invalid_field`, `unknown_field` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No shell host listens: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    terminal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminal"];
                };
            };
            /** @description There is no such terminal, or its command has not started */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rename_terminal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NameBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminal"];
                };
            };
            /** @description There is no such terminal */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The name is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cast: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-asciicast": number[];
                };
            };
            /** @description There is no such terminal, or its recording is not kept */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    close: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminal"];
                };
            };
            /** @description There is no such terminal */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It has ended: `terminal_ended` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hand: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HandBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminal"];
                };
            };
            /** @description There is no such terminal, or no such run */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description One of them has ended: `terminal_ended`, `run_ended` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TerminalHistory"];
                };
            };
            /** @description There is no such terminal */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    output: {
        parameters: {
            query?: {
                /** @description The first byte, from 0. */
                from?: number;
                /** @description Bytes at most, 1 to 1048576. */
                limit?: number;
            };
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    /** @description Bytes there are in all, so far */
                    "Metatron-End"?: number;
                    /** @description Whether the terminal has ended */
                    "Metatron-Ended"?: boolean;
                    /** @description Offset of the first byte */
                    "Metatron-Offset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    screen: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Screen"];
                };
            };
            /** @description There is no such terminal, or its screen is not kept */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                /** @description The text, upper and lower case alike. */
                q: string;
                /** @description Lines at most, 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Found"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such terminal, or its recording is not kept */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretBody"];
            };
        };
        responses: {
            /** @description It was typed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such terminal */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody asks for one: `no_password_asked`, `terminal_ended` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The text is not a line */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TerminalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terminal"];
                };
            };
            /** @description There is no such terminal */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It has ended: `terminal_ended` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TokenId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_token_mode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TokenId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenModeBody"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undos: {
        parameters: {
            query?: {
                /** @description Those of this command, undo or snapshot alone: its id. */
                of?: string;
                /** @description Items at most, 1 to 200. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Undos"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    start_undo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UndoBody"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Undo"];
                };
            };
            /** @description There is no such command or undo */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing is kept of it: `undo_gone`; or another undo runs */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is not as it was previewed: `changed_meanwhile` */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    preview_undo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UndoPreview"];
                };
            };
            /** @description There is no such command or undo */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing is kept of it: `undo_gone`; or it can't be looked at now */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Its host does not answer: `shell_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["UndoId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Undo"];
                };
            };
            /** @description There is no such undo */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Refused: the code says why */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
