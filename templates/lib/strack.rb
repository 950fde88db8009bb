# What a script in Ruby says to git strack; strack-script(7) is its manual.
#
#   require File.join(ENV.fetch("STRACK_LIB"), "strack")
#
# Tried by hand, outside of a run, all of it works and goes to standard error.
module Strack
  LEVELS = %w[debug info warn error].freeze

  # Raised between two batches: 143 after a signal, 75 out of time.
  class Stopped < SystemExit; end

  module_function

  # One line, and one write(2), so that lines of several processes don't mix.
  def event(*words)
    line = words.join(" ").encode("UTF-8", invalid: :replace, undef: :replace)
    line = line.scrub("?").gsub(/[\u0000-\u001f\u007f]/, " ").rstrip + "\n"
    path = ENV["STRACK_EVENTS"].to_s
    return $stderr.write(line) if path.empty?

    File.open(path, File::WRONLY | File::APPEND) { |f| f.syswrite(line) }
  end

  # A message; level is debug, info, warn or error.
  def log(level, *words)
    raise ArgumentError, "#{level}: no level" unless LEVELS.include?(level.to_s)

    event("log", level, *words)
  end

  # How far it is, in whole numbers.
  def log_progress(current, total = nil, label = "")
    event("progress", Integer(current), total ? Integer(total) : "-", label)
  end

  # It is not needed here: ends the script (by SystemExit) with 0.
  def skip(*reason)
    event("skip", *reason)
    exit 0
  end

  # From now on this text becomes *** in all that is stored or shown.
  def mask(text)
    event("mask", text)
  end

  # After the work that it stands for; the next attempt finds it.
  def checkpoint(name, value)
    name = name.to_s
    value = value.to_s
    if name.empty? || name.match?(/[ =]/) || value.empty?
      raise ArgumentError, "checkpoint: a name and a value are needed"
    end

    event("checkpoint", name, value)
  end

  # The last value of that checkpoint in the attempts before, as text.
  def resume_from(name, default = nil)
    path = ENV["STRACK_RESUME"].to_s
    return default if path.empty?

    File.foreach(path, encoding: "UTF-8", chomp: true) do |line|
      key, value = line.split(" ", 2)
      return value if key == name.to_s
    end
    default
  end

  # Are more than that many seconds left until the time limit?
  def check_timeout(seconds = 0)
    deadline = ENV["STRACK_DEADLINE"].to_s
    deadline.empty? || Time.now.to_f + seconds < Integer(deadline, 10)
  end

  # Yields some records at a time; returns how many in all.  After each batch
  # there is a checkpoint, what `key` makes of its last record, and the next
  # attempt goes on behind it: so the records must come in the same order again,
  # or, with `resumed`, begin behind it.  `throttle` is a Proc that says whether
  # to go on, or a shell command that fails as long as not.  After SIGTERM,
  # SIGINT or SIGHUP, and when the time that is left is less than the longest
  # batch took, Stopped is raised before the next batch.
  def process_in_batches(records, size: 500, key: :to_s.to_proc, name: "batch",
                         resumed: false, total: nil, label: "", sleep: 0,
                         throttle: nil, &work)
    batches = Batches.new(size: size, key: key, name: name, total: total,
                          label: label, sleep: sleep, throttle: throttle,
                          work: work)
    batches.run(records, resumed ? nil : resume_from(name))
  end

  # One call of process_in_batches.
  class Batches
    SIGNALS = %w[TERM INT HUP].freeze

    def initialize(options)
      @o = options
      @longest = 0
      @done = 0
      @batch = []
      @stop = false
    end

    def run(records, behind)
      old = SIGNALS.to_h { |s| [s, trap(s) { @stop = true }] }
      records.each { |record| behind = take(record, behind) }
      unless behind.nil?
        raise KeyError, "no record has the key '#{behind}', behind which to " \
                        "go on; git strack run --retry --from-start begins " \
                        "at the beginning"
      end
      one unless @batch.empty?
      @done
    ensure
      old&.each { |s, handler| trap(s, handler || "DEFAULT") }
    end

    private

    def take(record, behind)
      if behind
        @done += 1
        return @o[:key].call(record).to_s == behind ? nil : behind
      end
      @batch << record
      one if @batch.size >= @o[:size]
      nil
    end

    def may_go_on?
      throttle = @o[:throttle]
      return throttle.call if throttle.respond_to?(:call)

      system(throttle, in: File::NULL)
    end

    def pause
      paused = false
      while !@stop && @o[:throttle] && Strack.check_timeout(@longest) &&
            !may_go_on?
        Strack.log("info", "paused") unless paused
        paused = true
        Kernel.sleep 1
      end
    end

    def stop(status, why)
      Strack.log("warn", why)
      raise Stopped.new(status, why)
    end

    def one
      Kernel.sleep @o[:sleep] if @done.positive? && @o[:sleep].positive?
      pause
      stop(143, "stopped before the next batch") if @stop
      unless Strack.check_timeout(@longest)
        stop(75, "the time that is left is not enough for a batch")
      end
      began = Time.now
      @o[:work].call(@batch)
      @longest = [@longest, Time.now - began].max
      Strack.checkpoint(@o[:name], @o[:key].call(@batch.last))
      @done += @batch.size
      @batch = []
      Strack.log_progress(@done, @o[:total], @o[:label])
    end
  end
end
